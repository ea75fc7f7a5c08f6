# gw: build, test and install. One make for the whole tree, nothing recursive: every variant of the
# build (release, san, fuzz) mirrors the tree under build/<variant>/, and what a compiler needs to
# know is found out once per variant and kept in build/<variant>/cflags and ldlibs.
#
#	make help

.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules -j$(shell nproc)
.SUFFIXES:
.DELETE_ON_ERROR:

# ---- settings ------------------------------------------------------------------------------------

VERSION      := 0.1.0
PREFIX       ?= /usr
DESTDIR      ?=
UNITDIR      ?= /usr/lib/systemd/system
FUZZ_SECONDS ?= 20
VARIANT      := $(if $(filter 1,$(SAN)),san,release)
OUT          := build/$(VARIANT)
# make's own default for CC is `cc`, which a machine without build-essential lacks.
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
Q     := $(if $(filter 1,$(V)),,@)
say    = $(if $(filter 1,$(V)),@:,@printf '  %-7s %s\n' '$(1)' '$(2)')

LIBS      := libnftnl libmnl yaml-0.1 jansson libcrypto libssl libevent_core libseccomp ldns libpcap
TEST_LIBS := cmocka

# Debian packages, and what each group is for (printed when it is installed).
DEPS_build := gcc libc6-dev binutils pkg-config libnftnl-dev libmnl-dev libyaml-dev libjansson-dev libssl-dev \
	libevent-dev libseccomp-dev libldns-dev libpcap0.8-dev
DEPS_lab   := iproute2 util-linux
DEPS_test  := libcmocka-dev nftables openssh-client
DEPS_lint  := clang-tidy clang-format cppcheck
DEPS_fuzz  := clang libclang-rt-dev
# Other people's implementations, half a gigabyte; tests that need them are skipped without.
DEPS_interop := golang-go golang-golang-x-mod-dev rsyslog-openssl openssl \
	nsd knot bind9 bind9-dnsutils ldnsutils bind9-utils unbound knot-resolver knot-dnssecutils \
	prometheus chromium

# ---- flags ---------------------------------------------------------------------------------------

BASE_CFLAGS := -std=gnu17 -D_GNU_SOURCE -I. -DGW_VERSION=\"$(VERSION)\" -g \
	-Wall -Wextra -Wformat=2 -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef \
	-Wpointer-arith -Wwrite-strings -Wcast-qual -Wnull-dereference -Wimplicit-fallthrough \
	-Wswitch-enum -Wconversion -Werror=format-security -Werror=implicit-function-declaration \
	-Werror=incompatible-pointer-types -Werror=int-conversion -fno-common \
	$(if $(filter true,$(CI)),-Werror)
# Added if the compiler knows them.
PROBED_CFLAGS := -Wcast-align=strict

CC_release     = $(CC)
CFLAGS_release := -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong \
	-fstack-clash-protection -fno-strict-overflow -fno-delete-null-pointer-checks -fPIE
PROBED_release := -fcf-protection=full -mbranch-protection=standard -fstrict-flex-arrays=3 \
	-ftrivial-auto-var-init=zero
LDFLAGS_release := -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code,--as-needed

CC_san      = $(CC)
CFLAGS_san  := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS_san := -fsanitize=address,undefined -Wl,--as-needed

CC_fuzz      = $(CLANG)
CFLAGS_fuzz  := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LDFLAGS_fuzz := -fsanitize=fuzzer,address,undefined

# ---- what there is -------------------------------------------------------------------------------

folders       := $(wildcard gw dns ipv6guard ratelimit vpnauth)
sources       := $(sort $(shell find $(folders) -name '*.c'))
program_mains := $(wildcard gw/ctl/gwctl.c gw/agent/gwd.c gw/metrics/gw-metricsd.c dns/gw-dnsd.c \
	ipv6guard/gw-ipv6guardd.c ratelimit/gw-ratelimitd.c vpnauth/gw-vpnauthd.c)
programs      := $(notdir $(program_mains:.c=))
library       := $(filter-out $(program_mains),$(sources))
unit_tests    := $(sort $(shell find $(wildcard $(folders:%=tests/%)) -name '*_test.c'))
test_support  := $(filter-out tests/support/fuzz_main.c,$(wildcard tests/support/*.c))
fuzzers       := $(sort $(wildcard tests/fuzz/fuzz_*.c))
tools         := $(sort $(wildcard tests/tools/*.c))
netns_tests   := $(sort $(wildcard tests/netns/*.sh))
benches       := $(sort $(wildcard tests/bench/*.sh))
c_files       := $(sources) $(unit_tests) $(wildcard tests/support/*.c) $(fuzzers) $(tools)
formatted     := $(c_files) $(sort $(shell find $(folders) tests -name '*.h'))

# ---- rules, once per variant ---------------------------------------------------------------------

# $(1): release, san or fuzz.
define variant_rules
# Looked at in every run, written only if it changed: what was built with other flags is built again.
build/$(1)/cflags: FORCE
	@mkdir -p $$(@D)
	@pkg-config --exists $$(LIBS) || { echo 'libraries are missing: run `make deps` as root' >&2; exit 1; }
	@{ printf '%s\n' '$$(BASE_CFLAGS) $$(CFLAGS_$(1))'; \
	for flag in $$(PROBED_CFLAGS) $$(PROBED_$(1)); do \
		$$(CC_$(1)) -Werror $$$$flag -x c -c -o /dev/null /dev/null 2>/dev/null && echo $$$$flag; \
	done; pkg-config --cflags $$(LIBS); } > $$@.new
	@cmp -s $$@.new $$@ && rm $$@.new || mv $$@.new $$@

build/$(1)/%.o: %.c build/$(1)/cflags
	$$(call say,CC,$$<)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_$(1)) @build/$(1)/cflags -MMD -MP -c -o $$@ $$<

build/$(1)/libgw.a: $$(library:%.c=build/$(1)/%.o)
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && ar rcs $$@ $$^

-include $$(wildcard $$(c_files:%.c=build/$(1)/%.d))
endef
$(foreach variant,release san fuzz,$(eval $(call variant_rules,$(variant))))

# $(1): variant; links $^ to $@ with the libraries; $(2): more libraries.
link = $(CC_$(1)) $(LDFLAGS_$(1)) -o $@ $(filter %.o,$^) $(filter %.a,$^) $$(pkg-config --libs $(LIBS) $(2))

# $(1): variant with programs.
define program_rules
$$(programs:%=build/$(1)/%): build/$(1)/libgw.a
	$$(call say,LD,$$@)
	$$(Q)$$(call link,$(1))

build/$(1)/tools/%: build/$(1)/tests/tools/%.o build/$(1)/libgw.a
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(call link,$(1))
# The generator of frames is shared with the unit tests.
build/$(1)/tools/frames build/$(1)/tools/v6class: $$(patsubst %.c,build/$(1)/%.o,$$(wildcard tests/support/v6_*.c))
# The object with a program's main.
$$(foreach main,$$(program_mains),$$(eval build/$(1)/$$(notdir $$(main:.c=)): build/$(1)/$$(main:.c=.o)))
endef
$(foreach variant,release san,$(eval $(call program_rules,$(variant))))

build/san/unit/%: build/san/tests/%_test.o $(test_support:%.c=build/san/%.o) build/san/libgw.a
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(call link,san,$(TEST_LIBS))

build/san/replay/fuzz_%: build/san/tests/fuzz/fuzz_%.o build/san/tests/support/fuzz_main.o build/san/libgw.a
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(call link,san)

build/fuzz/fuzz_%: build/fuzz/tests/fuzz/fuzz_%.o build/fuzz/libgw.a
	$(call say,LD,$@)
	$(Q)$(call link,fuzz)

# Objects of pattern rules' chains are not throw-away.
.PRECIOUS: $(foreach variant,release san fuzz,build/$(variant)/%.o)

programs_of = $(programs:%=build/$(1)/%) $(tools:tests/tools/%.c=build/$(1)/tools/%)
unit_programs   := $(unit_tests:tests/%_test.c=build/san/unit/%)
replay_programs := $(fuzzers:tests/fuzz/%.c=build/san/replay/%)
fuzz_programs   := $(fuzzers:tests/fuzz/%.c=build/fuzz/%)

# ---- goals ---------------------------------------------------------------------------------------

.PHONY: FORCE all tools help deps deps-lint deps-fuzz deps-interop demo demo-clean check unit bench fuzz lint \
	lint-analyzer lint-tidy lint-cppcheck lint-format format golden install clean

all: $(programs:%=$(OUT)/%) ## build the programs (SAN=1: with address and undefined-behaviour sanitizers)

tools: $(call programs_of,$(VARIANT)) ## build programs and the tools of tests and benchmarks

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo '  Variables: V=1 shows commands; SAN=1; CI=true makes warnings errors; CC, DESTDIR, PREFIX.'

# The goals that must work on a fresh machine install what they need before anything is compiled.
ifneq ($(filter demo check unit bench golden,$(MAKECMDGOALS)),)
build/release/cflags build/san/cflags: | deps
endif
ifneq ($(filter fuzz,$(MAKECMDGOALS)),)
build/fuzz/cflags: | deps-fuzz
endif

deps: build/deps ## install the Debian packages that build, demo and tests need (needs root once)
deps-lint: build/deps-lint
deps-fuzz: build/deps-fuzz
deps-interop: build/deps-interop ## install Go, rsyslog and DNS servers, for tests that are skipped without them
build/deps: Makefile
	$(Q)tests/support/deps.sh 'build, demo and tests' $(DEPS_build) $(DEPS_lab) $(DEPS_test)
	@mkdir -p build && touch $@
build/deps-lint: Makefile
	$(Q)tests/support/deps.sh 'static analysis' $(DEPS_build) $(DEPS_lint)
	@mkdir -p build && touch $@
build/deps-fuzz: Makefile
	$(Q)tests/support/deps.sh 'fuzzing' $(DEPS_build) $(DEPS_fuzz)
	@mkdir -p build && touch $@
build/deps-interop: Makefile
	$(Q)tests/support/deps.sh 'tests against other implementations' $(DEPS_interop)
	@mkdir -p build && touch $@

demo: deps $(call programs_of,release) ## a gateway among five zones at work (KEEP=1 leaves it up)
	$(Q)BUILD=build/release KEEP=$(KEEP) tests/demo/demo.sh

demo-clean: ## remove a lab that was left up by KEEP=1
	$(Q)tests/support/lab_remove.sh

check: deps $(call programs_of,san) $(unit_programs) $(replay_programs) ## all tests, under sanitizers
	$(Q)BUILD=build/san tests/support/run.sh $(unit_programs) $(replay_programs) $(netns_tests) \
		$(wildcard tests/docs/*_test.sh)

unit: deps $(unit_programs) $(replay_programs) ## unit tests and the replay of fuzz corpora
	$(Q)BUILD=build/san tests/support/run.sh $(unit_programs) $(replay_programs)

golden: deps $(unit_programs) ## rewrite the golden files from what the tests see now
	$(Q)GOLDEN_UPDATE=1 BUILD=build/san tests/support/run.sh $(unit_programs)

bench: deps $(call programs_of,release) ## benchmarks, with peers in the same run
	$(Q)for bench in $(benches); do echo "== $$bench"; BUILD=build/release $$bench || exit 1; done

fuzz: deps-fuzz $(fuzz_programs) ## run every fuzzer for FUZZ_SECONDS (default 20)
	$(Q)for fuzzer in $(fuzz_programs); do \
		corpus=tests/fuzz/corpus/$${fuzzer##*/fuzz_}; \
		echo "== $$fuzzer, $(FUZZ_SECONDS) s"; \
		mkdir -p $$fuzzer.corpus && [ -d $$corpus ] || corpus=; \
		$$fuzzer -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
			-print_final_stats=1 -artifact_prefix=$$fuzzer. $$fuzzer.corpus $$corpus || exit 1; \
	done

# ---- static analysis -----------------------------------------------------------------------------

# Checked files leave a stamp, so that only what changed is checked again.
lint: lint-format lint-cppcheck lint-analyzer lint-tidy ## gcc -fanalyzer, clang-tidy, cppcheck, clang-format

# It does not know that a failed assertion of a test does not return.
ASSERTS_RETURN := $(addprefix -Wno-analyzer-,malloc-leak null-dereference null-argument possible-null-argument \
	possible-null-dereference)
build/lint/tests/%.analyzer: ANALYZER_FLAGS := $(ASSERTS_RETURN)
build/lint/%.analyzer: %.c build/release/cflags | deps-lint
	$(call say,ANALYZE,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) @build/release/cflags -fanalyzer $(ANALYZER_FLAGS) -Werror -MMD -MP -MT $@ -c -o $@.o $< && rm $@.o
	@touch $@
build/lint/%.tidy: %.c .clang-tidy build/release/cflags | deps-lint
	$(call say,TIDY,$<)
	@mkdir -p $(@D)
	$(Q)clang-tidy --quiet $< -- $(BASE_CFLAGS) -Wno-unknown-warning-option 2>/dev/null
	@touch $@

lint-analyzer: $(c_files:%.c=build/lint/%.analyzer)
lint-tidy: $(c_files:%.c=build/lint/%.tidy)
lint-cppcheck: | deps-lint
	$(call say,CPPCHECK,gw tests)
	$(Q)cppcheck --quiet --enable=warning,performance,portability --std=c11 --inline-suppr \
		--error-exitcode=1 -I. -D_GNU_SOURCE $(c_files)
lint-format: | deps-lint
	$(call say,FORMAT,gw tests)
	$(Q)clang-format --dry-run -Werror $(formatted)
format: | deps-lint ## clang-format all C files
	$(Q)clang-format -i $(formatted)

# ---- installation --------------------------------------------------------------------------------

install: all ## install below DESTDIR and PREFIX (default /usr), units to UNITDIR; leaves /etc/gw alone
	for program in $(programs); do \
		install -D -m 755 $(OUT)/$$program $(DESTDIR)$(PREFIX)/sbin/$$program || exit 1; \
	done
	install -d $(foreach dir,man/man8 man/man7 man/man5 man/ja/man5 gw,$(DESTDIR)$(PREFIX)/share/$(dir))
	LC_ALL=C $(OUT)/gwctl man gwctl > $(DESTDIR)$(PREFIX)/share/man/man8/gwctl.8
	install -m 644 gw/man/gwd.8 gw/man/gw-metricsd.8 $(DESTDIR)$(PREFIX)/share/man/man8/
	$(OUT)/gwd --man > $(DESTDIR)$(PREFIX)/share/man/man7/gw-protocol.7
	LC_ALL=C $(OUT)/gwctl man gw.yaml > $(DESTDIR)$(PREFIX)/share/man/man5/gw.yaml.5
	LC_ALL=ja_JP.UTF-8 $(OUT)/gwctl man gw.yaml > $(DESTDIR)$(PREFIX)/share/man/ja/man5/gw.yaml.5
	$(OUT)/gwctl schema > $(DESTDIR)$(PREFIX)/share/gw/gw.schema.json
	cd configs/example && find . -type f -exec install -D -m 644 {} \
		$(abspath $(DESTDIR)$(PREFIX)/share/doc/gw/examples)/{} \;
	for unit in gwd gw-early gw-ipv6guardd gw-metricsd gw-ratelimitd; do \
		install -d $(DESTDIR)$(UNITDIR) && sed 's|/usr/sbin/|$(PREFIX)/sbin/|' \
			configs/systemd/$$unit.service > $(DESTDIR)$(UNITDIR)/$$unit.service || exit 1; \
	done
	install -D -m 644 configs/systemd/sysusers.conf $(DESTDIR)/usr/lib/sysusers.d/gw.conf
	install -D -m 644 configs/systemd/tmpfiles.conf $(DESTDIR)/usr/lib/tmpfiles.d/gw.conf
	install -D -m 644 configs/systemd/gwd-forward.conf $(DESTDIR)$(PREFIX)/share/doc/gw/gwd-forward.conf
	install -D -m 644 configs/systemd/gw-ipv6guardd-raw.conf $(DESTDIR)$(PREFIX)/share/doc/gw/gw-ipv6guardd-raw.conf
	install -m 644 configs/systemd/gw-metricsd-zone.conf configs/systemd/gw-metricsd-textfile.conf \
		$(DESTDIR)$(PREFIX)/share/doc/gw/
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/gw/prometheus configs/prometheus/gw.rules.yml
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/gw/grafana configs/grafana/*.json
	install -D -m 644 README.md $(DESTDIR)$(PREFIX)/share/doc/gw/README.md

clean: ## remove build/
	rm -rf build

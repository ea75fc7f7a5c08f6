// Tlogverify verifies a log that `gwctl audit export --tlog` has written, and proofs of `gwctl audit
// prove`, with the packages of Go's checksum database: nothing of it knows gw.
//
//	tlogverify KEY DIR [PROOF]
//	tlogverify KEY DIR consistent OLDER-CHECKPOINT
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "tlogverify:", err)
		os.Exit(1)
	}
}

func fail(format string, args ...interface{}) {
	must(fmt.Errorf(format, args...))
}

// checkpoint opens a signed checkpoint: a tree and the log's name.
func checkpoint(data []byte, verifiers note.Verifiers) (tlog.Tree, string) {
	opened, err := note.Open(data, verifiers)
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 {
		fail("a checkpoint of %d lines", len(lines))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	must(err)
	var hash tlog.Hash
	if copy(hash[:], root) != len(hash) {
		fail("a root of %d bytes", len(root))
	}
	return tlog.Tree{N: size, Hash: hash}, lines[0]
}

// path of a tile: that of the checksum database without its height, and with a folder per width.
func path(t tlog.Tile) string {
	level := fmt.Sprint(t.L)
	if t.L == -1 {
		level = "entries"
	}
	n := fmt.Sprintf("%03d", t.N%1000)
	for i := t.N / 1000; i > 0; i /= 1000 {
		n = fmt.Sprintf("x%03d/%s", i%1000, n)
	}
	if t.W < 1<<t.H {
		n += fmt.Sprintf(".p/%d", t.W)
	}
	return filepath.Join("tile", level, n)
}

// tiles reads tiles from a folder.
type tiles string

func (dir tiles) Height() int { return 8 }
func (dir tiles) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range list {
		data, err := os.ReadFile(filepath.Join(string(dir), path(t)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}
func (dir tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// entries returns all records of the log.
func entries(dir string, size int64) [][]byte {
	var all [][]byte
	for n := int64(0); n*256 < size; n++ {
		width := 256
		if size-n*256 < 256 {
			width = int(size - n*256)
		}
		data, err := os.ReadFile(filepath.Join(dir, path(tlog.Tile{H: 8, L: -1, N: n, W: width})))
		must(err)
		for i := 0; i < width; i++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				fail("a short bundle")
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			all, data = append(all, data[2:end]), data[end:]
		}
		if len(data) != 0 {
			fail("%d bytes behind a bundle", len(data))
		}
	}
	return all
}

// verifyLog holds tiles and entries against the checkpoint.
func verifyLog(dir string, tree tlog.Tree) {
	reader := tlog.TileHashReader(tree, tiles(dir))
	var stored []tlog.Hash
	kept := tlog.HashReaderFunc(func(list []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, i := range list {
			hashes = append(hashes, stored[i])
		}
		return hashes, nil
	})
	for i, record := range entries(dir, tree.N) {
		hashes, err := tlog.StoredHashes(int64(i), record, kept)
		must(err)
		stored = append(stored, hashes...)
		// Tiles are verified as they are read.
		got, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(i))})
		must(err)
		if got[0] != tlog.RecordHash(record) {
			fail("record %d is not that of its tile", i)
		}
		proof, err := tlog.ProveRecord(tree.N, int64(i), reader)
		must(err)
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, int64(i), got[0]))
	}
	root, err := tlog.TreeHash(tree.N, kept)
	must(err)
	if root != tree.Hash {
		fail("the records do not have the root that was signed")
	}
}

// verifyProof checks a tlog-proof with the record in its extra data.
func verifyProof(name string, verifiers note.Verifiers) string {
	data, err := os.ReadFile(name)
	must(err)
	head, rest, found := bytes.Cut(data, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		fail("%s is no proof", name)
	}
	record, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	must(err)
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	must(err)
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		must(err)
		proof = append(proof, hash)
	}
	tree, origin := checkpoint(rest, verifiers)
	must(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(record)))
	return fmt.Sprintf("%s %d %s", origin, index, record)
}

func main() {
	if len(os.Args) < 3 {
		fail("usage: tlogverify KEY DIR [PROOF | consistent CHECKPOINT]")
	}
	verifier, err := note.NewVerifier(os.Args[1])
	must(err)
	verifiers := note.VerifierList(verifier)
	if len(os.Args) == 4 {
		fmt.Println(verifyProof(os.Args[3], verifiers))
		return
	}
	dir := os.Args[2]
	data, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	must(err)
	tree, origin := checkpoint(data, verifiers)
	if len(os.Args) == 5 {
		data, err = os.ReadFile(os.Args[4])
		must(err)
		older, _ := checkpoint(data, verifiers)
		proof, err := tlog.ProveTree(tree.N, older.N, tlog.TileHashReader(tree, tiles(dir)))
		must(err)
		must(tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash))
		fmt.Println("consistent", older.N, tree.N)
		return
	}
	verifyLog(dir, tree)
	fmt.Println("verified", origin, tree.N)
}

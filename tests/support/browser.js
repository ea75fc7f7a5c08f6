// Opens the status page in Chromium, by its debugging protocol over pipes, in every way that people see it: takes
// pictures, and lets axe-core look at each. Fails if the page runs a script, loads anything, or breaks its own policy.
//
//	node browser.js URL PROFILE-DIR PICTURES-DIR
'use strict';
const { spawn } = require('child_process');
const fs = require('fs');
const [url, profile, shots] = process.argv.slice(2);
const axe = fs.readFileSync(process.env.AXE, 'utf8');

const chromium = spawn('chromium', ['--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--no-first-run',
	'--disable-background-networking', '--remote-debugging-pipe', '--user-data-dir=' + profile, 'about:blank'],
	{ stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
const waiting = new Map();
const complaints = [];
let requests = [];
let next = 1, rest = '', loaded = null;

function heard(message) {
	if (message.id) {
		const { resolve, reject } = waiting.get(message.id);
		waiting.delete(message.id);
		message.error ? reject(new Error(message.error.message)) : resolve(message.result);
	} else if (message.method === 'Network.requestWillBeSent') {
		requests.push(message.params.request.url);
	} else if (message.method === 'Page.loadEventFired' && loaded) {
		loaded();
	} else if (message.method === 'Log.entryAdded' || message.method === 'Runtime.exceptionThrown') {
		complaints.push(JSON.stringify(message.params));
	}
}
chromium.stdio[4].setEncoding('utf8').on('data', (data) => {
	const parts = (rest + data).split('\0');
	rest = parts.pop();
	parts.forEach((part) => heard(JSON.parse(part)));
});
chromium.on('exit', () => process.exit(1));

function ask(method, params, sessionId) {
	const id = next++;
	chromium.stdio[3].write(JSON.stringify({ id, method, params: params || {}, sessionId }) + '\0');
	return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

const ways = [
	{ name: 'en-light', lang: 'en', scheme: 'light', width: 1280 },
	{ name: 'en-dark', lang: 'en', scheme: 'dark', width: 1280 },
	{ name: 'ja-light', lang: 'ja', scheme: 'light', width: 1280 },
	{ name: 'ja-dark', lang: 'ja', scheme: 'dark', width: 1280 },
	{ name: 'narrow', lang: 'ja', scheme: 'light', width: 360 },
];

async function look(page, way) {
	requests = [];
	await page('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: way.scheme }] });
	await page('Emulation.setDeviceMetricsOverride', { width: way.width, height: 900, deviceScaleFactor: 1, mobile: false });
	const done = new Promise((resolve) => { loaded = resolve; });
	await page('Page.navigate', { url: url + '?lang=' + way.lang });
	await done;
	const picture = await page('Page.captureScreenshot', { captureBeyondViewport: true });
	fs.writeFileSync(shots + '/' + way.name + '.png', Buffer.from(picture.data, 'base64'));
	const others = requests.filter((request) => !request.endsWith('/favicon.ico'));
	if (others.length !== 1)
		throw new Error(way.name + ' asks for ' + others.join(', '));
	const wide = await page('Runtime.evaluate', { expression: 'document.documentElement.scrollWidth', returnByValue: true });
	if (wide.result.value > way.width)
		throw new Error(way.name + ' is ' + wide.result.value + ' wide');
	await page('Runtime.evaluate', { expression: axe });
	const found = await page('Runtime.evaluate', { awaitPromise: true, returnByValue: true,
		expression: 'axe.run().then((r) => JSON.stringify({ n: r.passes.length, v: r.violations.map((v) => v.id + ": " + v.nodes[0].html) }))' });
	const result = JSON.parse(found.result.value);
	if (result.v.length || !result.n)
		throw new Error(way.name + ': ' + result.v.join('; '));
	console.log(way.name + ': one request, ' + result.n + ' rules of axe-core hold');
}

async function main() {
	const { targetInfos } = await ask('Target.getTargets');
	const { sessionId } = await ask('Target.attachToTarget',
		{ targetId: targetInfos.find((target) => target.type === 'page').targetId, flatten: true });
	const page = (method, params) => ask(method, params, sessionId);
	for (const domain of ['Page', 'Network', 'Log', 'Runtime'])
		await page(domain + '.enable');
	for (const way of ways)
		await look(page, way);
	const title = await page('Runtime.evaluate', { expression: 'document.title', returnByValue: true });
	if (title.result.value.includes('owned') || !title.result.value.startsWith('tokyo-01'))
		throw new Error('the title is ' + title.result.value);
	const pdf = await page('Page.printToPDF', {});
	fs.writeFileSync(shots + '/print.pdf', Buffer.from(pdf.data, 'base64'));
	if (complaints.filter((text) => !text.includes('favicon')).length)
		throw new Error(complaints.join('\n'));
}

main().then(() => 0, (error) => { console.log(error.message); return 1; }).then((status) => {
	chromium.removeAllListeners('exit');
	chromium.kill('SIGKILL');
	process.exit(status);
});

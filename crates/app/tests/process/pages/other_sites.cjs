// Drives Chromium through a shop's own page and through pages of other sites, which try what a page can make a browser do.
// A proxy stands before the shop and writes down what the browser sent, and what it was answered. Tells all of it as JSON.
const http = require('node:http');
const { chromium } = require('playwright-core');

const wanted = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
// Names under `localhost` are this machine's, and a browser trusts them as it trusts TLS. To it the second is of the shop's
// own site and another origin; the third is of another site.
const HOSTS = { shop: 'shop.localhost', sister: 'news.shop.localhost', stranger: 'stranger.localhost' };
const seen = [];
let doing = 'nothing';

/** Sends a request on to the shop, and writes down what became of it. */
function forward(request, response) {
  const entry = {
    doing,
    method: request.method,
    path: request.url,
    site: request.headers['sec-fetch-site'] ?? null,
    cookie: (request.headers.cookie ?? '').includes('__Host-mideng='),
  };
  seen.push(entry);
  const { hostname, port } = new URL(wanted.server);
  const { method, url: path, headers } = request;
  const on = http.request({ hostname, port, method, path, headers }, (answer) => {
    const parts = [];
    answer.on('data', (part) => parts.push(part));
    answer.on('end', () => {
      const body = Buffer.concat(parts);
      entry.status = answer.statusCode;
      entry.gives = 'set-cookie' in answer.headers;
      if (/json/.test(answer.headers['content-type'] ?? '')) entry.code = JSON.parse(body).code ?? null;
      response.writeHead(answer.statusCode, answer.headers).end(body);
    });
  });
  on.on('error', (error) => response.destroy(error));
  request.pipe(on);
}

const server = http.createServer((request, response) => {
  if (request.headers.host.startsWith(`${HOSTS.shop}:`)) return forward(request, response);
  response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>elsewhere</title>');
});

/** What a page of another site tries; each is given the shop's address and an order, and runs in the page. */
const TRIES = {
  'a form of text that reads as JSON': ({ shop, order }) => {
    const form = Object.assign(document.createElement('form'), { method: 'post', enctype: 'text/plain' });
    form.action = `${shop}/api/v1/orders`;
    const field = document.createElement('input');
    field.name = order.replace(/}$/, ',"note":"');
    field.value = '"}';
    document.body.append(form);
    form.append(field);
    form.submit();
  },
  'a form that proves who it is': ({ shop }) => {
    const form = Object.assign(document.createElement('form'), { method: 'post' });
    form.action = `${shop}/api/v1/sessions/step-up`;
    document.body.append(form);
    form.submit();
  },
  'a form that logs the browser in as somebody else': ({ shop, login }) => {
    const form = Object.assign(document.createElement('form'), { method: 'post', enctype: 'text/plain' });
    form.action = `${shop}/api/v1/sessions`;
    const field = document.createElement('input');
    field.name = login.replace(/}$/, ',"x":"');
    field.value = '"}';
    document.body.append(form);
    form.append(field);
    form.submit();
  },
  'a call whose answer it may not read': ({ shop, order }) =>
    fetch(`${shop}/api/v1/orders`, { method: 'POST', mode: 'no-cors', credentials: 'include', body: order }),
  'a call that must be allowed first': ({ shop, order }) => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'other' };
    const call = { method: 'POST', credentials: 'include', headers, body: order };
    return fetch(`${shop}/api/v1/orders`, call).then(
      () => 'read',
      () => 'refused',
    );
  },
  'the end of all sessions': ({ shop }) =>
    fetch(`${shop}/api/v1/sessions`, { method: 'DELETE', credentials: 'include' }).then(
      () => 'read',
      () => 'refused',
    ),
  'a beacon': ({ shop, order }) => navigator.sendBeacon(`${shop}/api/v1/orders`, order),
  'a look at orders': ({ shop }) =>
    fetch(`${shop}/api/v1/orders`, { credentials: 'include' }).then(
      () => 'read',
      () => 'refused',
    ),
  'a picture': ({ shop }) =>
    new Promise((done) => {
      const picture = new Image();
      picture.onload = () => done('read');
      picture.onerror = () => done('refused');
      picture.src = `${shop}/api/v1/orders`;
    }),
  'a script': ({ shop }) =>
    new Promise((done) => {
      const script = document.createElement('script');
      script.onload = () => done('read');
      script.onerror = () => done('refused');
      script.src = `${shop}/api/v1/orders`;
      document.body.append(script);
    }),
};

/** Whether the shop's page is shown in a frame of this page. */
async function framed(page, shop) {
  await page.evaluate((src) => {
    const frame = document.createElement('iframe');
    document.body.append(frame);
    return new Promise((done) => {
      frame.onload = done;
      frame.src = src;
    });
  }, `${shop}/docs/`);
  const frame = page.frames().find((it) => it !== page.mainFrame());
  return frame.url().startsWith(shop);
}

async function main() {
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const origin = (host) => `http://${host}:${server.address().port}`;
  const shop = origin(HOSTS.shop);
  const browser = await chromium.launch({
    executablePath: wanted.chromium,
    chromiumSandbox: false,
    args: ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic'],
  });
  const context = await browser.newContext();
  const own = await context.newPage();
  const call = (method, path, body) =>
    own.evaluate(
      async ([method, path, body]) => {
        const headers = { 'content-type': 'application/json', 'idempotency-key': 'own' };
        return (await fetch(path, { method, headers, body })).status;
      },
      [method, path, body],
    );
  doing = 'own';
  await own.goto(`${shop}/docs/`);
  const told = { entered: await call('POST', '/api/v1/sessions', wanted.login) };
  told.ordered = await call('POST', '/api/v1/orders', wanted.order);
  told.cookies = await context.cookies(shop);
  told.read_by_scripts = await own.evaluate(() => document.cookie);
  told.results = [];
  for (const from of ['sister', 'stranger']) {
    for (const [name, attempt] of Object.entries(TRIES)) {
      const page = await context.newPage();
      await page.goto(origin(HOSTS[from]));
      doing = `${from}: ${name}`;
      const before = seen.length;
      const reached = until(() => seen.slice(before).some((entry) => 'status' in entry));
      const result = await page.evaluate(attempt, { shop, order: wanted.order, login: wanted.other }).catch(String);
      await reached;
      told.results.push({ from, name, result: result ?? null });
      await page.close();
    }
    doing = `${from}: a frame`;
    const page = await context.newPage();
    await page.goto(origin(HOSTS[from]));
    told.results.push({ from, name: 'a frame', result: (await framed(page, shop)) ? 'read' : 'refused' });
    await page.close();
  }
  doing = 'own';
  told.still_in = await call('GET', '/api/v1/me');
  await browser.close();
  server.close();
  console.log(JSON.stringify({ ...told, seen }));
}

/** Waits for what must come. */
async function until(question) {
  for (let tries = 0; !question(); tries += 1) {
    if (tries > 3000) throw new Error(`nothing reached the shop: ${doing}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

// Drives Chromium as somebody who has read nothing: from the links that the demo prints to an order that was clicked ten times and
// is there once, and on to the console. Tells what was seen as JSON.
const { chromium } = require('playwright-core');

const wanted = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const told = { elsewhere: [], errors: [], first: {}, screens: {} };

/** Notes whatever goes to another host, and whatever the policy of a page forbids. */
function watch(page) {
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== wanted.shop && !request.url().startsWith('data:')) told.elsewhere.push(request.url());
  });
  page.on('pageerror', (error) => told.errors.push(error.message));
  page.on('console', (message) => {
    // A refusal that was asked for is told by the browser, too.
    if (message.type() === 'error' && !/status of 4(09|22)/.test(message.text())) told.errors.push(message.text());
  });
}

/** Waits until the server's word on so many requests stands in the log. */
const lines = (page, count) => page.waitForFunction((count) => document.querySelectorAll('#log li').length >= count, count);

/** What a page costs whoever opens it for the first time: all that is asked for, its icon whether or not this browser shows one, and
 * all that comes. A stream goes on; of it the first event counts. */
async function opened(page, path, isReady) {
  const [asked, answered] = [[], []];
  const [ask, answer] = [(request) => asked.push(request), (request) => answered.push(request)];
  page.on('request', ask);
  page.on('requestfinished', answer);
  await page.goto(`${wanted.shop}${path}`);
  await isReady();
  page.off('request', ask);
  page.off('requestfinished', answer);
  const sizes = await Promise.all(answered.map((request) => request.sizes()));
  const icon = await page.locator('link[rel=icon]').getAttribute('href');
  const urls = [...asked.map((request) => request.url()), new URL(icon, wanted.shop).href];
  const stream = asked.some((request) => request.url().endsWith('/live')) ? await firstEvent(page) : 0;
  told.first[path] = {
    requests: new Set(urls).size,
    bytes: sizes.reduce((sum, size) => sum + size.responseBodySize, stream),
  };
}

/** How long the first event of the overview's stream is. */
async function firstEvent(page) {
  const cookie = (await page.context().cookies()).map((one) => `${one.name}=${one.value}`).join('; ');
  const answer = await fetch(`${wanted.shop}/console/live`, { headers: { cookie } });
  let text = '';
  for await (const bytes of answer.body) {
    text += Buffer.from(bytes).toString('latin1');
    if (text.includes('\n\n')) break;
  }
  return text.length;
}

/** The console as somebody meets it who was never there: the log-in, and then the overview with nothing kept of it. */
async function firstOfConsole(browser) {
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  watch(page);
  await opened(page, '/console', () => page.waitForLoadState('networkidle'));
  told.first['/console/log-in'] = told.first['/console'];
  await page.getByRole('button', { name: /^merchant/ }).click();
  await page.waitForURL(/console$/);
  const other = await browser.newContext({ locale: 'en-GB', storageState: await context.storageState() });
  await context.close();
  const fresh = await other.newPage();
  watch(fresh);
  const numbers = '#numbers dl:not([data-old])';
  await opened(fresh, '/console', async () => {
    await fresh.evaluate(() => { document.querySelector('#numbers dl').dataset.old = 'yes'; });
    await fresh.waitForSelector(numbers);
  });
  await other.close();
}

async function shop(page) {
  await opened(page, '/shop', () => page.waitForLoadState('networkidle'));
  await page.locator('main li', { has: page.locator('button:enabled') }).nth(1).locator('a').click();
  await page.getByRole('button', { name: 'Into the cart' }).click();
  await page.getByRole('button', { name: 'To the checkout' }).click();
  await page.getByRole('button', { name: 'Lose the reply' }).click();
  await lines(page, 1);
  await page.getByRole('button', { name: 'Click ten times at once' }).click();
  await lines(page, 11);
  await page.getByRole('button', { name: 'Send another order under the same key' }).click();
  await lines(page, 12);
  await page.getByRole('button', { name: 'Send it from a second tab' }).click();
  await lines(page, 13);
  told.log = await page.locator('#log li').evaluateAll((all) => all.map((line) => [line.className, line.textContent]));
  // The server's own log, as it comes in.
  await page.waitForFunction(() => document.querySelectorAll('#served li').length >= 13);
  told.served = await page.locator('#served li').evaluateAll((all) => all.map((line) => line.className));
  told.explore = await page.locator('#explore').getAttribute('href');
  told.over = [await page.locator('#place').innerText(), await page.locator('#place').isDisabled(), await page.locator('#state').innerText()];
  await page.getByRole('link', { name: 'See the order' }).click();
  told.order = await page.locator('h1 code').innerText();
  told.of_order = await page.getByRole('link', { name: "This order's key" }).getAttribute('href');
  await page.goto(`${wanted.shop}/shop/orders`);
  told.orders = await page.locator('main li code').allInnerTexts();
}

/** Whoever begins with what makes it worse: the order itself is sent first. */
async function early(browser) {
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  watch(page);
  told.early = {};
  for (const name of ['Send it from a second tab', 'Send another order under the same key', 'Send it again after 5 s']) {
    await page.goto(`${wanted.shop}/shop`);
    await page.locator('main li', { has: page.locator('button:enabled') }).nth(1).locator('a').click();
    await page.getByRole('button', { name: 'Into the cart' }).click();
    await page.getByRole('button', { name: 'To the checkout' }).click();
    const button = page.getByRole('button', { name });
    await button.waitFor();
    const isShown = await page.locator('#explore').isVisible();
    await button.click();
    if (name.endsWith('5 s')) await page.waitForFunction(() => /· [1-4]$/.test(document.querySelector('[data-worse=late]').textContent));
    await lines(page, 2);
    told.early[name] = {
      how: await page.locator('#log li').evaluateAll((all) => all.map((line) => line.className)),
      explore: [isShown, await page.locator('#explore').isVisible()],
    };
    const opened = page.waitForEvent('popup');
    await page.locator('#explore').click();
    await (await opened).close();
    await page.getByRole('link', { name: 'See the order' }).click();
    await page.waitForURL(/shop\/orders\/ord_/);
  }
  await context.close();
}

async function console_(page) {
  await page.goto(`${wanted.shop}/console/orders/${told.order}`);
  told.asked = new URL(page.url()).pathname;
  await page.getByRole('button', { name: /^merchant/ }).click();
  await page.goto(`${wanted.shop}/console/orders/${told.order}`);
  // What came under a key is counted in memory and written each second.
  for (let tries = 0; tries < 30; tries += 1) {
    await page.goto(`${wanted.shop}${told.explore}`);
    if (await page.locator('.record', { hasText: 'idempotency_key_reused' }).count()) break;
    await page.waitForTimeout(200);
  }
  told.key = {
    order: await page.locator('.record .facts a code').innerText(),
    came: await page.locator('.record tbody tr').evaluateAll((all) =>
      all.map((row) => [...row.cells].slice(0, 2).map((cell) => cell.textContent))),
  };
  await page.goto(`${wanted.shop}${told.of_order}`);
  told.key.of_order = await page.locator('.record .facts a code').innerText();
  // The overview lives: what happens meanwhile is shown without being asked for.
  await page.goto(`${wanted.shop}/console`);
  await page.waitForFunction(() => document.querySelectorAll('#lights .lamp').length > 20, null, { timeout: 60000 });
  told.red = await page.locator('#lights .lamp.red').count();
  told.live = await page.evaluate(async () => {
    const key = { 'Idempotency-Key': `live-${Math.random()}` };
    await fetch('/api/v1/order-numbers', { method: 'POST', headers: key });
    for (let tenths = 0; tenths < 100; tenths += 1) {
      const row = document.querySelector('#arrivals tr');
      if (row && row.textContent.includes('order-numbers')) return true;
      await new Promise((done) => setTimeout(done, 100));
    }
    return false;
  });
  await page.goto(`${wanted.shop}/console/orders/${told.order}`);
  told.history = await page.locator('.timeline li strong').allInnerTexts();
  await page.locator('summary', { hasText: 'Cancel the order' }).click();
  // Both presses are of one form, and so one wish.
  await page.getByRole('button', { name: 'Cancel the order' }).dblclick();
  await page.waitForURL(/done=cancel/);
  told.cancelled = await page.locator('.timeline li strong').allInnerTexts();
  for (const lang of ['English', '简体中文']) {
    const other = page.locator('.preferences button', { hasText: lang });
    if (await other.count()) await other.click();
    for (const path of ['', '/orders', '/keys', '/products', '/me', `/orders/${told.order}`]) {
      await page.goto(`${wanted.shop}/console${path}`);
      told.screens[`${lang} /console${path}`] = await page.locator('h1').innerText();
    }
  }
  // The shop is still the customer's.
  await page.goto(`${wanted.shop}/shop/orders`);
  const kept = (await page.context().cookies()).filter((one) => one.name.startsWith('demo-'));
  told.cookies = kept.map((one) => [one.name, one.secure, one.httpOnly, one.sameSite]);
  told.still = await page.locator('main li code').allInnerTexts();
}

(async () => {
  const browser = await chromium.launch({ executablePath: wanted.chromium, args: ['--no-sandbox'] });
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  watch(page);
  await shop(page);
  await early(browser);
  await firstOfConsole(browser);
  await console_(page);
  await browser.close();
  process.stdout.write(JSON.stringify(told));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});

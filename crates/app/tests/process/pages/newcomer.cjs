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

async function shop(page) {
  const answered = [];
  const note = (request) => answered.push(request);
  page.on('requestfinished', note);
  await page.goto(`${wanted.shop}/shop`);
  await page.waitForLoadState('networkidle');
  page.off('requestfinished', note);
  const sizes = await Promise.all(answered.map((request) => request.sizes()));
  told.first = { requests: sizes.length, bytes: sizes.reduce((sum, size) => sum + size.responseBodySize, 0) };
  await page.locator('main li a').nth(1).click();
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
  await page.getByRole('link', { name: 'See the order' }).click();
  told.order = await page.locator('h1 code').innerText();
  await page.goto(`${wanted.shop}/shop/orders`);
  told.orders = await page.locator('main li code').allInnerTexts();
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
  told.still = await page.locator('main li code').allInnerTexts();
}

(async () => {
  const browser = await chromium.launch({ executablePath: wanted.chromium, args: ['--no-sandbox'] });
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  watch(page);
  await shop(page);
  await console_(page);
  await browser.close();
  process.stdout.write(JSON.stringify(told));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});

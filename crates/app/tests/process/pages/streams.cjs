// Drives Chromium as an operator whose session has as many live pages open as it may: the next one says that it stands still, and
// lives as soon as one is gone. Tells what was seen as JSON.
const { chromium } = require('playwright-core');
const http = require('node:http');

const wanted = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const told = { open: 0, lives: [], still: '', forever: '' };

/** Opens a stream as another tab does, up to its first event. */
const opened = (cookie) => new Promise((resolve, reject) => {
  const request = http.get(`${wanted.shop}/console/live`, { headers: { cookie }, agent: false }, (answer) => {
    answer.once('data', (bytes) => resolve([request, /^event: (\w+)/.exec(bytes.toString())?.[1]]));
    answer.on('error', () => {});
  });
  request.on('error', reject);
});

/** Whether the page has newer numbers before it says that it stands still. */
async function lives(page) {
  await page.goto(`${wanted.shop}/console`);
  await page.evaluate(() => { document.querySelector('#numbers dl').dataset.old = 'yes'; });
  await page.waitForFunction(() => !document.querySelector('#numbers dl[data-old]') || document.getElementById('still').textContent !== '');
  return (await page.locator('#numbers dl[data-old]').count()) === 0;
}

(async () => {
  const browser = await chromium.launch({ executablePath: wanted.chromium, args: ['--no-sandbox'] });
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(`${wanted.shop}/console/log-in?to=/console/orders`);
  await page.getByRole('button', { name: /^admin/ }).click();
  await page.waitForURL(/console\/orders$/);
  const cookie = (await context.cookies()).map((one) => `${one.name}=${one.value}`).join('; ');
  const tabs = [];
  for (let [tab, event] = await opened(cookie); event === 'parts' && tabs.length < 1000; [tab, event] = await opened(cookie)) {
    tabs.push(tab);
  }
  told.open = tabs.length;
  told.lives.push(await lives(page));
  told.still = await page.locator('#still').innerText();
  // That its socket is closed is all that the server hears of a tab that is gone.
  tabs.pop().destroy();
  let again = false;
  for (let tries = 0; tries < 30 && !again; tries += 1) again = await lives(page);
  told.lives.push(again);
  for (const tab of tabs) tab.destroy();
  // Refused for good, as by a proxy: the browser does not ask again, and the page says so.
  await page.route('**/console/live', (route) => route.fulfill({ status: 503, body: '' }));
  told.lives.push(await lives(page));
  told.forever = await page.locator('#still').innerText();
  await browser.close();
  process.stdout.write(JSON.stringify(told));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});

// Makes the pictures of the README from a running demo:
//
//     cargo run --release -- demo &
//     BROWSER_MODULES=target/browser node tests/browser/pictures.mjs http://127.0.0.1:9464 docs/pictures
//
// It waits until the crisis is at its worst there.
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(`${path.resolve(process.env.BROWSER_MODULES)}/`);
const { chromium } = require("playwright-core");
const [url, folder] = process.argv.slice(2);

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const page = await (await browser.newContext({ viewport: { width: 1100, height: 860 } })).newPage();
page.setDefaultTimeout(180_000);
await page.goto(url);
const worst = page.locator(".card.critical").first();
await worst.waitFor();
await page.waitForFunction(() => /mentions: ([4-9]\d\d|1,)/.test(document.querySelector(".card.critical")?.textContent ?? ""), null, { timeout: 180_000 });
// Its chart is drawn anew once the next panes are closed.
await page.locator(".brand .chart-critical").first().waitFor();
await page.screenshot({ path: `${folder}/now.png` });
await worst.getByRole("link").first().click();
await page.locator(".mentions li").nth(2).waitFor();
await page.screenshot({ path: `${folder}/incident.png` });
const small = await (await browser.newContext({ viewport: { width: 390, height: 844 }, isMobile: true, colorScheme: "dark" })).newPage();
await small.goto(page.url());
await small.locator("h1").first().waitFor();
await small.screenshot({ path: `${folder}/phone.png` });
await browser.close();

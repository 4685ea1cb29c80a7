// A person on call uses the page in a real Chromium.
//
//     node page.mjs URL [FOLDER]
//
// The test that runs this (tests/live/page.rs) makes things happen: this prints what it waits for, a word a line, and reads the
// answer. Pictures are written to FOLDER, if it is given.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import readline from "node:readline";

const modules = process.env.BROWSER_MODULES;
const require = createRequire(`${modules}/`);
const { chromium } = require("playwright-core");
const axe = require.resolve("axe-core/axe.min.js");

const [url, folder] = process.argv.slice(2);
const answers = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
// Whoever tests says what is to happen, and hears when it has.
async function let_happen(what) {
  console.log(what);
  const { value } = await answers.next();
  return value;
}

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const faults = [];
let away = false;

async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" && !away) faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`script: ${error}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) faults.push(`asked for ${request.url()}`);
  });
  return page;
}

// What axe-core finds serious or critical; its own script is let past the page's policy by the debugger.
async function accessible(page, where) {
  const source = (await import("node:fs")).readFileSync(axe, "utf8");
  const client = await page.context().newCDPSession(page);
  await client.send("Page.setBypassCSP", { enabled: true });
  await client.send("Runtime.evaluate", { expression: source });
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const bad = found.violations.filter((it) => ["serious", "critical"].includes(it.impact));
  const told = bad.map((it) => `${it.id}: ${it.help}: ${it.nodes.map((node) => node.html).join(" | ")}`);
  assert.deepEqual(told, [], `${where} is not accessible`);
}

async function fits(page, where) {
  const [content, screen] = await page.evaluate(() => [document.scrollingElement.scrollWidth, window.innerWidth]);
  assert.ok(content <= screen, `${where} is ${content} px wide on a screen of ${screen} px`);
}

const picture = async (page, name) => {
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: false });
};

// Nothing has happened yet.
const page = await open();
await page.goto(url);
await page.getByText("Nothing is out of line").waitFor();
await page.locator("#connection", { hasText: "Live" }).waitFor();
assert.equal(await page.locator(".wide svg").first().getAttribute("role"), "img");
await accessible(page, "a calm page");
await page.keyboard.press("Tab");
assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");

// An incident appears by itself, and its chart with it.
await let_happen("crisis");
const card = page.locator(".card").first();
await card.waitFor();
assert.match(await card.locator("h3").textContent(), /Acme/);
assert.match(await page.title(), /^\(\d+\) /);
await page.locator("#brands-title").waitFor();
await accessible(page, "the page with an incident");
await picture(page, "now");

// Somebody takes it, by keyboard.
const take = card.getByRole("button", { name: "Acknowledge" });
page.once("dialog", (asked) => asked.accept("Dana"));
await take.focus();
await page.keyboard.press("Enter");
await page.locator(".card.taken").first().waitFor();
assert.match(await card.locator(".badges").textContent(), /taken by Dana/);

// Its own page: what is said, in any script, and nothing of it as markup.
await card.getByRole("link").first().click();
await page.locator(".mentions li").first().waitFor();
const hebrew = page.locator("blockquote", { hasText: "קומקום" }).first();
await hebrew.waitFor();
assert.equal(await hebrew.evaluate((it) => getComputedStyle(it).direction), "rtl");
await page.locator("blockquote", { hasText: "<img src=x" }).first().waitFor();
assert.equal(await page.locator("main img, main script").count(), 0);
assert.ok(!(await page.locator("#acknowledge").isVisible()), "it is taken");
assert.ok(!(await page.locator("#unsilence").isVisible()), "nothing is silenced");
assert.equal(await page.getByLabel("Your name").inputValue(), "Dana");
await page.getByLabel("Your name").fill("Dana Levi");
await page.getByRole("button", { name: "4 h", exact: true }).click();
await page.locator(".badge", { hasText: "silenced until" }).waitFor();
await page.getByText("Write a note").click();
await page.getByLabel("Note for the others").fill("לא אנחנו: the supplier <b>recalls</b>");
await page.getByRole("button", { name: "Add the note" }).click();
await page.locator(".events", { hasText: "Dana Levi: לא אנחנו: the supplier <b>recalls</b>" }).waitFor();
assert.equal(await page.getByLabel("Note for the others").inputValue(), "");
await page.getByRole("button", { name: "False alarm" }).click();
await page.locator(".badge", { hasText: "false alarm" }).waitFor();
assert.ok(!(await page.locator("#false-alarm").isVisible()), "it is said already");
await page.locator(".events", { hasText: "Dana Levi says that it is a false alarm" }).waitFor();
await page.getByRole("button", { name: "End the silence" }).click();
await page.locator(".badge", { hasText: "silenced until" }).waitFor({ state: "detached" });
await accessible(page, "an incident's page");
await picture(page, "incident");

// Another range, the brand, and the history.
const incident = page.url();
await page.getByRole("link", { name: "24h" }).click();
await page.locator('.tabs [aria-current="page"]', { hasText: "24h" }).waitFor();
await page.goto(`${url}/brands/Acme?range=7d`);
await page.locator(".wide svg").first().waitFor();
assert.ok((await page.locator(".wide svg").count()) > 1, "a chart for each measure");
await accessible(page, "a brand's page");
await picture(page, "brand");
await page.getByRole("link", { name: "History" }).click();
await page.locator("tbody tr", { hasText: "false alarm" }).waitFor();
await accessible(page, "the history");

// On a phone, and in the dark.
const phone = await open({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, colorScheme: "dark" });
for (const [path, name] of [["", "phone"], [incident.slice(url.length), "phone-incident"], ["/brands/Acme", "phone-brand"], ["/history", "phone-history"]]) {
  await phone.goto(url + path);
  await phone.locator("h1").first().waitFor();
  await fits(phone, name);
  await accessible(phone, `${name}, dark`);
  await picture(phone, name);
}
await phone.goto(url);
assert.ok(await phone.locator(".narrow svg").first().isVisible());
assert.ok(!(await phone.locator(".wide svg").first().isVisible()));

// Without JavaScript.
const plain = await open({ javaScriptEnabled: false });
await plain.goto(incident);
await plain.getByText("Write a note").click();
await plain.getByLabel("Note for the others").fill("without a script");
await plain.getByRole("button", { name: "Add the note" }).click();
await plain.locator(".events", { hasText: "someone: without a script" }).waitFor();

// A lost connection is shown, and heals.
await page.goto(url);
await page.locator("#connection", { hasText: "Live" }).waitFor();
away = true;
await let_happen("stop");
await page.locator("#connection.lost").waitFor();
assert.match(await page.locator("#connection").textContent(), /Connection lost/);
await let_happen("start");
await page.locator("#connection", { hasText: "Live" }).waitFor();
assert.ok(!(await page.locator("#connection").evaluate((it) => it.classList.contains("lost"))));

assert.deepEqual(faults, []);
await browser.close();
console.log("done");
process.exit(0);

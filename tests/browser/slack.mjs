// Draws a message that the running program has sent to Slack, for the README:
//
//     GROUNDSWELL_PICTURES=/tmp ./test --test live a_crisis_is_seen_taken_and_marked_in_slack
//     BROWSER_MODULES=target/browser node tests/browser/slack.mjs /tmp docs/pictures
//
// The first leaves slack.json, the message, and slack-chart.png, the picture that was uploaded with it. Slack's own programs lay
// it out in their own way; here are its parts, in their order, with nothing left out. Its signs need a font that has them (in Debian
// fonts-noto-color-emoji).
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import path from "node:path";

const require = createRequire(`${path.resolve(process.env.BROWSER_MODULES)}/`);
const { chromium } = require("playwright-core");
const [from, folder] = process.argv.slice(2);
const message = JSON.parse(await readFile(`${from}/slack.json`, "utf8"));
const chart = (await readFile(`${from}/slack-chart.png`)).toString("base64");

const EMOJI = { rotating_light: "🚨", warning: "⚠️", eyes: "👀", small_red_triangle: "🔺", raising_hand: "🙋", white_check_mark: "✅" };
const emoji = (text) => text.replace(/:([a-z_]+):/g, (all, name) => EMOJI[name] ?? all);

// What stands here is escaped as Slack wants it, which is as HTML wants it.
function mrkdwn(text) {
  const line = (it) =>
    emoji(it)
      .replace(/<(https?:[^|>]+)\|([^>]+)>/g, '<a href="$1">$2</a>')
      .replace(/(^|\s)\*([^*]+)\*(?=\s|$)/g, "$1<b>$2</b>");
  const lines = text.split("\n").map((it) => {
    const quote = it.match(/^(?:>|&gt;) (.*)$/);
    return quote ? `<blockquote dir="auto">${line(quote[1])}</blockquote>` : `<div dir="auto">${line(it)}</div>`;
  });
  return lines.join("");
}

const escape = (text) => text.replace(/&(?!(amp|lt|gt);)/g, "&amp;").replace(/</g, "&lt;");

const BLOCKS = {
  header: ({ text }) => `<h1 dir="auto">${emoji(escape(text.text))}</h1>`,
  section: ({ text, fields = [] }) =>
    (text ? `<section>${mrkdwn(text.text)}</section>` : "") +
    (fields.length ? `<section class="fields">${fields.map((it) => `<div>${mrkdwn(it.text)}</div>`).join("")}</section>` : ""),
  context: ({ elements }) => `<p class="context">${elements.map((it) => mrkdwn(it.text)).join("")}</p>`,
  actions: ({ elements }) => `<p>${elements.map((it) => `<button class="${it.style ?? ""}">${escape(it.text.text)}</button>`).join(" ")}</p>`,
  image: ({ alt_text }) => `<p><img src="data:image/png;base64,${chart}" alt="${escape(alt_text)}"></p>`,
};

const html = `<!doctype html><meta charset="utf-8"><style>
body { font: 15px/1.46 Lato, "Noto Sans", "DejaVu Sans", Arial, sans-serif; color: #1d1c1d; background: #fff; margin: 0; padding: 16px 20px; width: 720px }
.who { font-weight: 700; margin: 0 0 4px } .who span { font-weight: 400; color: #616061; font-size: 12px; background: #eee; border-radius: 3px; padding: 1px 4px }
h1 { font-size: 18px; margin: 4px 0 8px } section { margin: 0 0 8px } a { color: #1264a3; text-decoration: none }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 6px 16px } blockquote { border-left: 4px solid #ddd; margin: 0; padding-left: 12px }
button { font: inherit; font-weight: 700; background: #fff; border: 1px solid #bbb; border-radius: 4px; padding: 4px 12px; margin: 2px 0 } .primary { background: #007a5a; color: #fff; border-color: #007a5a }
img { max-width: 560px; border: 1px solid #ddd; border-radius: 6px } .context { color: #616061; font-size: 13px }
</style><p class="who">Groundswell <span>APP</span></p>${message.blocks.map((block) => BLOCKS[block.type](block)).join("\n")}`;

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const page = await (await browser.newContext({ viewport: { width: 760, height: 400 } })).newPage();
await page.setContent(html);
await page.screenshot({ path: `${folder}/slack.png`, fullPage: true });
await browser.close();

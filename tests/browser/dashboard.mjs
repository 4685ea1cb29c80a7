// Draws the overview of grafana/ for the README, from what a real Prometheus has scraped of a running demo:
//
//     cargo run --release -- demo --keep &
//     BROWSER_MODULES=target/browser node tests/browser/dashboard.mjs http://127.0.0.1:9464 docs/pictures
//
// It starts a Prometheus of its own beside a demo that has just begun, waits until the crisis is at its worst, and asks each panel's queries. Grafana draws them in
// its own way; here are its panels, in their places, with the answers that it would get.
import { createRequire } from "node:module";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

const require = createRequire(`${path.resolve(process.env.BROWSER_MODULES)}/`);
const { chromium } = require("playwright-core");
const [target, folder] = process.argv.slice(2);
const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), "../..");
const dashboard = JSON.parse(await readFile(`${root}/grafana/groundswell-overview.json`, "utf8"));
const PORT = 19_464;
const MINUTES = 3;

const data = await mkdtemp(path.join(os.tmpdir(), "groundswell-dashboard-"));
await writeFile(
  `${data}/prometheus.yml`,
  JSON.stringify({
    global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
    rule_files: [`${root}/prometheus/groundswell.rules.yml`],
    scrape_configs: [{ job_name: "groundswell", static_configs: [{ targets: [new URL(target).host] }] }],
  }),
);
const prometheus = spawn("prometheus", [`--config.file=${data}/prometheus.yml`, `--storage.tsdb.path=${data}/tsdb`, `--web.listen-address=127.0.0.1:${PORT}`], { stdio: "ignore" });
const rest = (ms) => new Promise((done) => setTimeout(done, ms));

async function ask(what, query, more = {}) {
  const url = `http://127.0.0.1:${PORT}/api/v1/${what}?${new URLSearchParams({ query, ...more })}`;
  const answer = await fetch(url).catch(() => null);
  return (await answer?.json().catch(() => null))?.data?.result ?? [];
}

const now = () => Date.now() / 1000;
const began = now();
while (!(await ask("query", 'sum(groundswell_incidents_open{severity="critical"}) > 0')).length) {
  if (now() - began > 300) throw new Error("there is no crisis within five minutes: start the demo anew, just before this");
  await rest(1000);
}
// It is at its worst a little later.
await rest(20_000);
const end = now();
const start = Math.max(began, end - MINUTES * 60);
const brands = (await ask("query", "group by (brand) (groundswell_window_value)")).map((it) => it.metric.brand).sort();
const filled = (text, brand) =>
  text.replaceAll("$brand", brand ?? ".+").replaceAll("$monitor", "negative-up").replaceAll("$window", "1h").replaceAll("$__rate_interval", "1m");

const escape = (text) => String(text).replace(/[&<>]/g, (it) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[it]);
const legend = (target, metric) => (target.legendFormat ?? "").replace(/{{\s*(\w+)\s*}}/g, (_, name) => metric[name] ?? "") || target.refId;
const SEVERITIES = { critical: "#e02f44", warning: "#ff9830", notice: "#5794f2" };
const STATES = ["#2a7a3f", "#5794f2", "#ff9830", "#e02f44"];
const LINES = ["#f2cc0c", "#8ab8ff", "#73bf69", "#73bf69", "#ff9830", "#b877d9"];

function shown(value, unit) {
  if (!Number.isFinite(value)) return "–";
  if (unit !== "s") return Number.isInteger(value) ? `${value}` : value.toFixed(value < 10 ? 1 : 0);
  return value < 90 ? `${value.toFixed(value < 10 ? 1 : 0)} s` : value < 5400 ? `${(value / 60).toFixed(0)} min` : `${(value / 3600).toFixed(1)} h`;
}

// What a value is called, where the panel says so.
function mapped(panel, value) {
  for (const { type, options } of panel.fieldConfig?.defaults?.mappings ?? []) {
    if (type === "value" && options[value]) return options[value].text;
    if (type === "range" && value >= (options.from ?? -Infinity) && value <= (options.to ?? Infinity)) return options.result.text;
  }
}

function ground(panel, value) {
  const steps = panel.fieldConfig?.defaults?.thresholds?.steps ?? [];
  const step = steps.filter((it) => it.value === null || value >= it.value).at(-1);
  return { red: "#c4162a", orange: "#e0752d", yellow: "#cc9d00", green: "#1f7a3a", blue: "#3274d9" }[step?.color?.replace(/^(dark|semi-dark|light)-/, "")] ?? "#22252b";
}

const PANELS = {
  async stat(panel) {
    const unit = panel.fieldConfig?.defaults?.unit;
    const values = [];
    for (const target of panel.targets) {
      for (const { metric, value } of await ask("query", filled(target.expr))) values.push([legend(target, metric), Number(value[1]), metric]);
    }
    const tile = ([name, value, metric]) => {
      const colour = panel.options.colorMode !== "background" ? "#22252b" : (SEVERITIES[metric.severity] && value > 0 ? SEVERITIES[metric.severity] : ground(panel, value));
      const label = panel.options.textMode === "value_and_name" ? `<small>${escape(name)}</small>` : "";
      return `<div class="tile" style="background:${colour}"><b>${escape(mapped(panel, value) ?? shown(value, unit))}</b>${label}</div>`;
    };
    return `<div class="tiles">${values.map(tile).join("") || '<div class="tile">no data</div>'}</div>`;
  },
  async table(panel) {
    const severity = await ask("query", filled(panel.targets[0].expr));
    const since = await ask("query", filled(panel.targets[1].expr));
    const names = ["", "notice", "warning", "critical"];
    const rows = severity.map(({ metric, value }) => {
      const same = since.find((it) => ["brand", "monitor", "direction"].every((key) => it.metric[key] === metric[key]));
      const name = names[Number(value[1])] ?? metric.severity;
      const at = same ? new Date(Number(same.value[1])).toISOString().slice(11, 16) : "";
      return [Number(value[1]), `<tr><td style="color:${SEVERITIES[name]}">${name}</td><td>${escape(metric.brand)}</td><td>${escape(metric.monitor)}</td><td>${escape(metric.direction)}</td><td>${at} UTC</td></tr>`];
    });
    rows.sort((a, b) => b[0] - a[0]);
    return `<table><tr><th>severity</th><th>brand</th><th>monitor</th><th>direction</th><th>since</th></tr>${rows.map((it) => it[1]).join("")}</table>`;
  },
  async bargauge(panel) {
    const bars = [];
    for (const target of panel.targets) {
      for (const { metric, value } of await ask("query", filled(target.expr))) bars.push([legend(target, metric), Number(value[1])]);
    }
    bars.sort((a, b) => b[1] - a[1]);
    const most = Math.max(...bars.map((it) => it[1]), 1);
    return bars.map(([name, value]) => `<div class="bar"><span>${escape(name)}</span><i style="width:${(40 * value) / most}%;background:${ground(panel, value)}"></i><b>${shown(value)}</b></div>`).join("");
  },
  async "state-timeline"(panel) {
    const rows = [];
    for (const target of panel.targets) {
      for (const { metric, values } of await ask("query_range", filled(target.expr), { start, end, step: 1 })) {
        const cells = values.map(([at, value]) => `<rect x="${((at - start) / (end - start)) * 1000}" width="${1000 / (end - start) + 0.5}" height="20" fill="${STATES[Number(value)] ?? STATES[0]}"/>`);
        rows.push(`<div class="state"><span>${escape(legend(target, metric))}</span><svg viewBox="0 0 1000 20" preserveAspectRatio="none">${cells.join("")}</svg></div>`);
      }
    }
    return rows.join("");
  },
  async timeseries(panel, brand) {
    const lines = [];
    for (const target of panel.targets) {
      for (const { metric, values } of await ask("query_range", filled(target.expr, brand), { start, end, step: 1 })) {
        lines.push([legend(target, metric), values.map(([at, value]) => [at, Number(value)]).filter((it) => Number.isFinite(it[1]))]);
      }
    }
    const most = Math.max(1e-9, ...lines.flatMap((it) => it[1].map((point) => point[1])));
    const point = ([at, value]) => `${(((at - start) / (end - start)) * 400).toFixed(1)},${(115 - (110 * value) / most).toFixed(1)}`;
    const drawn = lines.map(([, values], n) => `<polyline points="${values.map(point).join(" ")}" fill="none" stroke="${LINES[n % LINES.length]}" stroke-width="1.6"/>`);
    const names = lines.map(([name], n) => `<span><i style="background:${LINES[n % LINES.length]}"></i>${escape(name)}</span>`);
    return `<div class="plot"><em>${shown(most, panel.fieldConfig?.defaults?.unit)}</em><svg viewBox="0 0 400 120" preserveAspectRatio="none">${drawn.join("")}</svg></div><div class="names">${names.join("")}</div>`;
  },
};

const UNIT = { x: 1200 / 24, y: 34 };
const boxes = [];
let below = 0;
for (const panel of dashboard.panels) {
  const repeated = panel.repeat === "brand" ? brands : [undefined];
  for (const [n, brand] of repeated.entries()) {
    const { x, y, w, h } = panel.gridPos;
    const [left, top] = [(x + (n % 3) * w) * UNIT.x, (y + below + Math.floor(n / 3) * h) * UNIT.y];
    const title = escape(filled(panel.title ?? "", brand));
    const style = `left:${left}px;top:${top}px;width:${w * UNIT.x - 8}px;height:${h * UNIT.y - 8}px`;
    boxes.push(panel.type === "row" ? `<h2 style="${style}">${title}</h2>` : `<section style="${style}"><h3>${title}</h3>${await PANELS[panel.type](panel, brand)}</section>`);
  }
  below += (Math.ceil(repeated.length / 3) - 1) * panel.gridPos.h;
}
prometheus.kill();
const height = (Math.max(...dashboard.panels.map((it) => it.gridPos.y + it.gridPos.h)) + below) * UNIT.y;
const html = `<!doctype html><meta charset="utf-8"><style>
body { margin: 0; padding: 16px; background: #111217; color: #ccccdc; font: 13px/1.4 Inter, "Noto Sans", "DejaVu Sans", Arial, sans-serif; width: 1200px; box-sizing: content-box }
main { position: relative; height: ${height}px } section { position: absolute; background: #181b1f; border: 1px solid #2c3235; border-radius: 3px; padding: 6px 10px; box-sizing: border-box; overflow: hidden }
h1 { font-size: 18px; margin: 0 0 12px } h2 { position: absolute; font-size: 15px; margin: 4px 0 0 } h3 { font-size: 13px; margin: 0 0 6px; font-weight: 600 }
.tiles { display: flex; gap: 6px; height: calc(100% - 26px) } .tile { flex: 1; display: flex; flex-direction: column; align-items: center; justify-content: center; border-radius: 3px; color: #fff; font-size: 13px } .tile b { font-size: 26px }
table { width: 100%; border-collapse: collapse } th, td { text-align: left; padding: 4px 8px; border-bottom: 1px solid #2c3235 }
.bar { display: flex; align-items: center; gap: 8px; margin: 5px 0 } .bar span { width: 48%; white-space: nowrap; overflow: hidden; text-overflow: ellipsis } .bar i { height: 16px }
.state { display: flex; align-items: center; gap: 8px; margin: 6px 0 } .state span { width: 110px } .state svg { flex: 1; height: 22px }
.plot { position: relative } .plot svg { width: 100%; height: 175px; border-bottom: 1px solid #2c3235 } .plot em { position: absolute; left: 0; top: 0; font-style: normal; color: #8e8ea0 }
.names { display: flex; gap: 12px; font-size: 12px } .names i { display: inline-block; width: 12px; height: 3px; margin-right: 4px; vertical-align: middle }
</style><h1>${escape(dashboard.title)}</h1><main>${boxes.join("\n")}</main>`;

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const page = await (await browser.newContext({ viewport: { width: 1232, height: 800 } })).newPage();
await page.setContent(html);
await page.screenshot({ path: `${folder}/dashboard.png`, fullPage: true });
await browser.close();
await rm(data, { recursive: true, force: true });

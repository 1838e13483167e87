// Draws what ./data says, once a second. Nothing is written as HTML: names come from a run.
"use strict";
const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const STALE_S = 30;  // a reading older than this says how old it is
const COLORS = ["var(--r0)", "var(--r1)", "var(--r2)", "var(--r3)"];

function el(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) if (value !== null) node.setAttribute(key, value);
  node.append(...children);
  return node;
}
function svg(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}
const seconds = (s) => (s < 120 ? `${Math.round(s)} s` : `${Math.floor(s / 60)} min ${Math.round(s % 60)} s`);
const stamp = (s) => `T${s < 0 ? "−" : "+"}${seconds(Math.abs(s))}`;
const count = (n) => n.toLocaleString("en-US");

// What was predicted of the recovery, in words; nothing where nobody predicted it.
function predicted(c) {
  if (!c.predicted) return "";
  const band = c.predicted.recovery;
  if (!band) return `; not predicted: ${[...new Set(Object.values(c.predicted.unpredicted))].join(", ")}`;
  if (band.p5_s === null) return "; predicted: never";
  const to = band.p95_s === null ? "or never" : `to ${seconds(band.p95_s)}`;
  return `; predicted ${Math.round(band.p5_s)} ${to}`;
}

function tile(id, mood, big, small) {
  const node = $(id);
  node.className = `tile ${mood}`;
  node.querySelector(".big").textContent = big;
  node.querySelector(".small").textContent = small;
}

function tiles(view) {
  const { totals: t, clock: c } = view;
  if (!c) tile("clock", "", "no fault yet", "It starts with the experiment's fault.");
  else {
    const rto = c.rto_s ? `objective ${seconds(c.rto_s)}` : "no objective";
    const rule = `at least ${c.share_pct} % of all requests in ${c.window_s} s, and staying so`;
    const against = `${rto}${predicted(c)} (${rule})`;
    if (c.recovered_s !== null) {
      const mood = c.rto_s && c.recovered_s > c.rto_s ? "bad" : "good";
      tile("clock", mood, seconds(c.recovered_s), `recovered; ${against}`);
    } else {
      const late = c.rto_s && c.elapsed_s > c.rto_s;
      tile("clock", late ? "bad" : "", seconds(c.elapsed_s), `${c.over ? "not recovered" : "not recovered yet"}; ${against}`);
    }
  }
  const all = t.waiting + t.unsent === 0;
  tile("sent", t.not_sent_pct >= 1 ? "bad" : "", `${count(t.sent)} of ${count(t.offered)}`,
    (all ? "all that was offered was sent" : `${count(t.waiting)} waiting for their client, ${count(t.unsent)} never to be sent`)
    + `; ${count(t.answered)} answered`);
  const pct = t.answered ? (100 * t.failed) / t.answered : 0;
  tile("failed", t.failed ? "bad" : "", `${pct.toFixed(pct < 10 ? 1 : 0)} %`, `${count(t.failed)} of ${count(t.answered)} answers, ${count(view.clients)} clients`);
  $("unsent").hidden = t.not_sent_pct < 1;
  $("unsent").textContent = `${Math.round(t.not_sent_pct)} % of the offered requests could not be sent`;
}

function chart(view) {
  const s = view.series, box = $("chart"), n = s.offered.length;
  const width = Math.max(240, box.parentNode.clientWidth), height = 240;
  const left = 34, right = 8, top = 34, bottom = 20, plot = width - left - right;
  box.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const names = Object.keys(s.ok);
  const layers = [...names.map((r, i) => [COLORS[i % COLORS.length], s.ok[r]]), ["var(--failed)", s.failed]];
  const most = Math.max(1, ...s.offered, ...s.offered.map((_, i) => layers.reduce((sum, [, v]) => sum + v[i], 0)));
  const band = expected(view), wide = band ? Math.max(n, band.until + 1) : n;
  const x = (i) => left + (plot * i) / Math.max(1, wide), y = (v) => height - bottom - ((height - top - bottom) * v) / most;
  const nodes = [];
  for (const v of [0, most / 2, most]) {
    nodes.push(svg("line", { class: "axis", x1: left, x2: width - right, y1: y(v), y2: y(v) }));
    nodes.push(svg("text", { x: left - 4, y: y(v) + 4, "text-anchor": "end" }, v < 10 ? v.toFixed(1) : Math.round(v)));
  }
  const base = new Array(n).fill(0);
  for (const [color, values] of layers) {
    const up = [], down = [];
    values.forEach((v, i) => {
      down.unshift(`${x(i + 1)},${y(base[i])}`, `${x(i)},${y(base[i])}`);
      base[i] += v;
      up.push(`${x(i)},${y(base[i])}`, `${x(i + 1)},${y(base[i])}`);
    });
    nodes.push(svg("polygon", { points: [...up, ...down].join(" "), fill: color }));
  }
  const offered = s.offered.slice(0, -1).flatMap((v, i) => [`${x(i)},${y(v)}`, `${x(i + 1)},${y(v)}`]);
  nodes.push(svg("polyline", { class: "offered", points: offered.join(" ") }));
  if (band) {
    const from = Math.max(0, band.from);
    nodes.push(svg("rect", { class: "band", x: x(from), width: Math.max(2, x(Math.min(band.to, wide)) - x(from)), y: top, height: height - top - bottom }));
  }
  nodes.push(...axis(s, x, wide, height, bottom), ...markers(view, s, x, n, top, height - bottom, width));
  box.replaceChildren(...nodes);
  const total = view.kinds.reduce((sum, k) => sum + k.count, 0);
  const share = (r) => view.kinds.reduce((sum, k) => sum + (k.region === r ? k.count : 0), 0) / total;
  const entries = [...names.map((r, i) => [COLORS[i % COLORS.length], total ? `${r} ${Math.round(100 * share(r))} %` : r]),
    ["var(--failed)", "failed"]];
  if (band) entries.push(["var(--band)", "predicted recovery"]);
  $("legend").replaceChildren(
    ...entries.map(([color, name]) => el("span", {}, el("i", { style: `--k:${color}` }), name)),
    el("span", {}, el("i", { class: "line" }), "offered"));
}

// Where the predicted recovery lies, in bins: `until` is how far the picture must reach to show it.
function expected(view) {
  const c = view.clock, band = c && c.predicted && c.predicted.recovery, s = view.series;
  if (!band || band.p5_s === null) return null;
  const at = (t) => (t - s.start_s) / s.step_s, open = c.recovered_s === null && !c.over;
  const to = band.p95_s === null ? Infinity : at(band.p95_s);
  if (to < 0) return null;
  return { from: at(band.p5_s), to, until: open && to < Infinity ? Math.ceil(to) : 0 };
}

function axis(s, x, n, height, bottom) {
  const span = n * s.step_s, most = (x(n) - x(0)) / 64, nodes = [];
  const every = [30, 60, 120, 300].find((e) => span / e <= Math.min(8, most)) || 600;
  for (let t = Math.ceil(s.start_s / every) * every; t <= s.start_s + span; t += every) {
    const at = x((t - s.start_s) / s.step_s), anchor = at > x(n) - 20 ? "end" : "middle";
    nodes.push(svg("text", { x: at, y: height - bottom + 15, "text-anchor": anchor }, `${t < 0 ? "−" : "+"}${Math.abs(t)} s`));
  }
  return nodes;
}

function markers(view, s, x, n, top, foot, width) {
  const nodes = [];
  let free = [0, 0];
  for (const m of view.markers) {
    const i = (m.t_s - s.start_s) / s.step_s;
    if (i < 0 || i > n) continue;
    const at = x(i), kind = m.kind.split(".")[0];
    nodes.push(svg("line", { class: `marker ${kind}`, x1: at, x2: at, y1: top - 4, y2: foot }));
    const needs = m.label.length * 6.2, end = Math.min(at + needs, width);
    const row = free.findIndex((edge) => edge <= end - needs);
    if (row < 0) continue;  // no room; the list beside has it
    free[row] = end + 8;
    nodes.push(svg("text", { x: end - needs, y: 12 + row * 13 }, m.label));
  }
  return nodes;
}

function table(view) {
  const head = el("tr", {}, ...["profile", "Region", "share", "requests", "failed"].map((h, i) => el("th", { class: i > 1 ? "n" : null }, h)));
  const rows = view.kinds.flatMap((k) => {
    const why = Object.entries(k.outcomes).sort((a, b) => b[1] - a[1]).map(([o, n]) => `${o} ${count(n)}`).join(", ");
    const row = el("tr", { class: why ? "open" : null }, el("td", { class: "wrap" }, k.profile), el("td", { class: "wrap" }, k.region),
      el("td", { class: "n" }, `${Math.round(k.share_pct)} %`), el("td", { class: "n" }, count(k.count)),
      el("td", { class: why ? "n failed" : "n" }, count(k.failed)));
    return why ? [row, el("tr", {}, el("td", { class: "why failed", colspan: 5 }, why))] : [row];  // a line of its own: it may be long
  });
  if (!rows.length) rows.push(el("tr", {}, el("td", { colspan: 5 }, "no answer")));
  $("kinds").replaceChildren(head, ...rows);
}

function around(view) {
  const rows = [];
  const row = (name, text, bad) => rows.push(el("dt", {}, name), el("dd", bad ? { class: "bad" } : {}, text));
  for (const h of view.health) {
    const votes = h.votes === null || h.votes === undefined ? "" : `, ${h.votes} of ${h.of} checkers`;
    row(`health ${h.name}`, `${h.healthy ? "healthy" : "UNHEALTHY"}${votes}`, !h.healthy);
  }
  const several = new Set(view.answers.map((a) => a.name)).size > 1;  // no endpoint: say of which name
  for (const a of view.answers) row(`DNS ${several || !a.network ? `${a.name} ` : ""}${a.network}`, a.regions.join(", ") || "no answer", !a.regions.length);
  for (const b of view.behind) {
    const age = view.now_s - b.t_s > STALE_S ? `, read ${seconds(view.now_s - b.t_s)} ago` : "";
    row(`behind ${b.pair}`, `${b.behind_s.toFixed(1)} s${age}`, false);
  }
  for (const a of view.alarms) row(`alarm ${a.name}`, a.state, a.state === "ALARM");
  if (!rows.length) row("nothing seen", "no run and no lab tells of health checks or DNS", false);
  $("around").replaceChildren(...rows);
}

function events(view) {
  const items = view.markers.slice().reverse().map((m) =>
    el("li", { class: m.kind.startsWith("fault") ? "fault" : null }, el("time", {}, stamp(m.t_s)), el("span", {}, m.label)));
  $("events").replaceChildren(...(items.length ? items : [el("li", {}, el("span", {}, "nothing yet"))]));
}

function theme() {
  const dark = localStorage.theme ? localStorage.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

let last = null;
function draw(view) {
  last = view;
  tiles(view); chart(view); table(view); around(view); events(view);
  if (parent !== window) parent.postMessage({ height: document.documentElement.offsetHeight }, location.origin);
}

async function poll() {
  theme();
  try {
    const answer = await fetch("data", { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    draw(await answer.json());
    $("silent").hidden = true;
  } catch {
    $("silent").hidden = false;
  }
  setTimeout(poll, 1000);
}
addEventListener("storage", theme);
addEventListener("resize", () => last && draw(last));
poll();

// Helpers, and the page's data.
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const find = (id) => document.getElementById(id);
const make = (tag, content = [], fields = {}) => {
  const node = Object.assign(document.createElement(tag), fields);
  node.append(...[content].flat());
  return node;
};
const once = (work) => { let done; return () => (done ??= work()); };
if (document.readyState === "loading") {
  await new Promise((done) => addEventListener("DOMContentLoaded", done));
}

const unpacked = async (packed) => {
  const bytes = Uint8Array.from(atob(packed), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
};
const content = (id) => unpacked(find(id).textContent);
const libraries = {};
const library = (name) => (libraries[name] ??= content(`library-${name}`).then((text) => {
  document.head.append(make("script", text));
}));

const data = JSON.parse(await content("data"));
const {
  badges, charts, curves, decimals, layout, looks, meanings, palette, quantiles, shapes, usual,
} = JSON.parse(find("looks").textContent);
const field = Object.fromEntries(data.row.map((name, index) => [name, index]));
const leagues = new Map(data.leagues.map((league) => [league.key, league]));
const blocks = new Map(data.leagues.flatMap((l) => l.blocks.map((b) => [b.key, { ...b, league: l }])));

// Figures as leaderboard/formatting.py shows them: rounded by their decimal digits, halves up.
const halfUp = (text, places) => {
  const [front, back = ""] = text.split(".");
  const near = (BigInt(front + back.padEnd(places + 1, "0").slice(0, places + 1)) + 5n) / 10n;
  const kept = `${near}`.padStart(places + 1, "0");
  const point = kept.length - places;
  return kept.slice(0, point) + (places ? `.${kept.slice(point)}` : "");
};
const fixed = (value, places) => {
  const scaled = Math.abs(value) * 10 ** places;
  const sure = places <= 4 && scaled < 1e9 && Math.abs((scaled % 1) - 0.5) > 1e-4;
  const [digits, power = 0] = `${Math.abs(value)}`.split("e");
  const [front, back = ""] = power < 0 ? ["0"] : digits.split(".");
  const plain = power > 0 ? front + back.padEnd(+power, "0") : `${front}.${back}`;
  const text = sure ? Math.abs(value).toFixed(places) : halfUp(halfUp(plain, 10), places);
  return (value < 0 && /[1-9]/.test(text) ? "-" : "") + text;
};
const shown = (value, unit) => {
  const [whole, rest] = fixed(value, decimals[unit] ?? 2).split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") + (rest ? `.${rest}` : "");
};
const parts = (cell) => {
  if (!Array.isArray(cell)) return { mean: cell };
  if (cell.length === 1) return { mean: null, reason: data.reasons[cell[0]] };
  const [mean, spread, low, high, reason] = cell;
  return { mean, spread, low, high, reason: reason == null ? null : data.reasons[reason] };
};

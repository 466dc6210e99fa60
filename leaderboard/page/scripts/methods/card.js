// What a card shows beside its facts: made when it comes into view.
const classSeries = (names, rows, patches) => names.map((name, place) => ({
  name, colour: palette[0][place % palette[0].length], dash: palette[1][Math.floor(place / palette[0].length) % palette[1].length],
  points: patches.map((x, loop) => [x, rows[loop][place]]).filter(([, y]) => y != null),
})).filter(({ points: own }) => own.length);
const perLoop = (block, { patches, class_dice: dice, class_labelled: labelled, ...costs }) => {
  const heads = ["", ...patches.map((_, loop) => `Loop ${loop}`)];
  const figure = (value, unit) => (value == null ? "–" : shown(value, unit));
  const share = (value) => (value == null ? "–" : value >= 1 ? shown(value, "%") : value.toPrecision(2));
  const classes = block.classes.map((name, place) => [name, ...patches.map((_, loop) => make("span", [
    figure(dice[loop][place], "%"), make("small", `${share(labelled[loop][place])} % labelled`)]))]);
  const lines = [["Labelled patches", patches, "patches"], ["Querying (s)", costs.query_seconds, "s"],
    ["Training (h)", costs.train_seconds?.map((seconds) => seconds / 3600), "h"],
    ["Labelled components", costs.labelling?.components, "components"], ["Labelled slices", costs.labelling?.slices, "slices"],
    ["Images opened", costs.labelling?.images, "images"], ["Estimated labelling time (min)", costs.labelling?.minutes, "min"],
    ["Query memory (GiB)", costs.query_gib, "GiB"], ["Training memory (GiB)", costs.train_gib, "GiB"]];
  return [
    tableOf("Dice of each class (%) and the fraction of its voxels in the pool that is labelled, by loop; means over seeds.", heads, classes),
    tableOf("Budget, cumulative labelling effort, time and memory by loop: means over seeds; memory is the maximum over seeds.", heads,
      lines.filter(([, values]) => values?.length).map(([title, values, unit]) => [title, ...values.map((value) => (value ? shown(value, unit) : "–"))])),
  ];
};
const montage = ({ pictures = [], pictured: loops = [], left_out: more = 0 }, block) => pictures.flatMap((source, place) => {
  if (!/^data:image\/webp;base64,/.test(source)) return [];
  const loop = loops[place];
  const about = `Queries of loop ${loop}, first seed: the first patches, one per column, in planes perpendicular to z, y and x. Yellow: the patch; other colours: the labels inside it, by class.`;
  const rest = more && place === pictures.length - 1 ? ` ${more} more are stored with the results.` : "";
  return [pictured(make("img", [], { src: source, alt: `Patches queried in loop ${loop} of ${block.name}`, loading: "lazy" }), about + rest)];
});
const cardSetting = (root, each, { entrant, colour }) => {
  const block = blocks.get(each.setting);
  const room = root.clientWidth || 640;
  const width = room > 1000 ? Math.floor((room - 84) / 3) : Math.max(280, room - 28);
  const { patches, dice } = each;
  const mean = patches.map((x, loop) => [x, meanOf(dice.map((seed) => seed[loop]))]);
  const seeds = dice.length > 1 ? dice.map((seed, n) => ({ name: `Seed ${each.seeds[n]}`, colour, thin: true, points: patches.map((x, loop) => [x, seed[loop]]) })) : [];
  const x = { xTitle: "Labelled patches", whole: true, width };
  const figures = [pictured(linePlot({
    ...x, series: [...seeds, { name: "Mean", colour, points: mean }], yTitle: "Mean Dice (%)",
    level: parts(block.full_data).mean, name: `Learning curve of ${entrant.name} in ${block.name}`,
  }), dice.length > 1 ? "Mean Dice: mean over seeds and single seeds (thin); dashed: full data." : "Mean Dice of its only seed; dashed: full data.")];
  for (const [rows, yTitle, caption] of [
    [each.class_dice, "Dice (%)", "Dice of each class, mean over seeds."],
    [each.class_labelled, "Labelled (%)", "Labelled fraction of each class's voxels in the pool."],
  ]) {
    const series = classSeries(block.classes, rows, patches);
    if (series.length) {
      figures.push(pictured(linePlot({ ...x, series, yTitle, name: `${caption} ${entrant.name} in ${block.name}` }), caption, legendOf(series)));
    }
  }
  for (const [names, caption] of [
    [["nsd1", "nsd2"], "Surface Dice within 1 and 2 voxels, mean over classes and seeds."],
    [["hd95"], "95th-percentile Hausdorff distance, mean over classes and seeds; lower is better."],
    [["fg_ece", "ece"], "Expected calibration error of the ensemble over foreground (FG-ECE) and over all voxels, mean over seeds; lower is better."],
  ]) {
    const known = names.filter((name) => each.curves?.[name]);
    const series = known.map((name, n) => ({
      name: curves[name].title, colour, dash: palette[1][n], points: patches.map((at, loop) => [at, each.curves[name][loop]]),
    }));
    if (series.length) {
      figures.push(pictured(linePlot({
        ...x, series, yTitle: `${curves[known.at(-1)].title.split("@")[0]} (${curves[known[0]].unit})`,
        name: `${caption} ${entrant.name} in ${block.name}`,
      }), caption, series.length > 1 ? legendOf(series) : undefined));
    }
  }
  const shots = montage(each, block);
  root.replaceChildren(make("div", figures, { className: "triple" }), ...perLoop(block, each),
    ...(shots.length ? [make("div", shots, { className: "triple shots" })] : []));
};
const fillCard = async (place) => {
  const method = methodsByKey.get(place.dataset.more);
  const known = (await detailOf(place.dataset.more)).filter(({ patches }) => patches?.length);
  if (!known.length) return;
  const body = make("div");
  const choice = make("select", known.map(({ setting }) => new Option(blocks.get(setting).name, setting)));
  const show = () => cardSetting(body, known.find(({ setting }) => setting === choice.value), method);
  choice.addEventListener("change", show);
  const bar_ = known.length > 1 ? [make("label", ["Setting ", choice], { className: "choice" })] : [];
  place.replaceChildren(make("h4", "By loop and class"), ...bar_, body);
  show();
};
const cardWatcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    cardWatcher.unobserve(target);
    fillCard(target).catch((error) => console.error(`${target.dataset.more}: ${error.message}`));
  }
}, { rootMargin: "200px" });

// Interactive flow field of Fig. 3b, drawn with the settings of the saved results; paths are integrated in the browser.
"use strict";
(() => {
  const root = document.getElementById("flow");
  if (!root) return;
  const { T, B, range, grid, basin } = JSON.parse(document.getElementById("flow-data").textContent);
  const byId = (name) => document.getElementById(`flow-${name}`);
  const plot = byId("plot"), told = byId("told"), fields = [byId("w0"), byId("w")];
  const SIDE = 420, MOST = 12, COLOURS = ["#0072B2", "#B5468B", "#D55E00", "#1F7FBF", "#A66A00", "#7B3FA0"];
  const across = (w0) => ((w0 + range) / (2 * range)) * SIDE;
  const up = (w) => SIDE - across(w);
  const place = (w0, w) => `${across(w0).toFixed(2)} ${up(w).toFixed(2)}`;
  const show = (number) => String(Number(number.toPrecision(4))).replace("-", "−");

  function draw(name, attributes, parent) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    parent.append(made);
    return made;
  }

  // ---- the flow ----

  const velocity = ([w0, w]) => { const error = T - w * w0; return [B * error, error * w0]; };
  const along = (state, rate, time) => [state[0] + time * rate[0], state[1] + time * rate[1]];

  function rungeKutta(state, time) {
    const k1 = velocity(state), k2 = velocity(along(state, k1, time / 2));
    const k3 = velocity(along(state, k2, time / 2)), k4 = velocity(along(state, k3, time));
    return along(state, [0, 1].map((i) => k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]), time / 6);
  }

  // Every path ends: on its parabola, B W - W0^2 / 2 = const, dW0/dt is a cubic in W0 with a negative leading term.
  // Step lengths are chosen such that one step and two half steps agree. The number of steps is bounded in case
  // rounding errors keep a path from coming to rest.
  function integrate(start) {
    const states = [start];
    const scale = Math.max(Math.abs(start[0]), Math.abs(start[1]), Math.cbrt(Math.abs(B * T)), 1e-6 * range);
    let state = start, time = 1e-3 / (scale * (scale + Math.abs(B)));
    for (let tries = 0; tries < 20000; tries++) {
      const error = T - state[0] * state[1];
      if (Math.abs(error) <= 1e-9 * Math.abs(T)) return { states, atRest: true };
      const one = rungeKutta(state, time), two = rungeKutta(rungeKutta(state, time / 2), time / 2);
      const wrong = Math.max(...[0, 1].map((i) => Math.abs(one[i] - two[i]) / (1e-10 * (Math.abs(two[i]) + 1e-3 * scale))));
      if (!(wrong <= 1)) {
        time *= Number.isFinite(wrong) ? Math.max(0.1, 0.9 * wrong ** -0.2) : 0.1;
        continue;
      }
      state = two.map((value, i) => value + (value - one[i]) / 15);
      states.push(state);
      time *= Math.min(4, 0.9 * Math.max(wrong, 1e-9) ** -0.2);
    }
    return { states, atRest: false };
  }

  // ---- static parts ----

  const clip = draw("clipPath", { id: "flow-square" }, draw("defs", {}, plot));
  draw("rect", { width: SIDE, height: SIDE }, clip);
  const inside = draw("g", { "clip-path": "url(#flow-square)" }, plot);
  draw("rect", { width: SIDE, height: SIDE, fill: "#FFFFFF" }, inside);

  function shade() {
    const cell = SIDE / basin.side, parts = [];
    let at = 0;
    basin.runs.forEach((length, number) => {
      const end = at + length;
      while (at < end) { // a run may extend over several rows
        const row = Math.floor(at / basin.side), stop = Math.min(end, (row + 1) * basin.side);
        if (number % 2) {
          const x = (at - row * basin.side) * cell, width = (stop - at) * cell;
          parts.push(`M${x.toFixed(2)} ${(SIDE - (row + 1) * cell).toFixed(2)}h${width.toFixed(2)}v${cell.toFixed(2)}h${(-width).toFixed(2)}z`);
        }
        at = stop;
      }
    });
    draw("path", { d: parts.join(""), fill: "#F6D9A8", "shape-rendering": "crispEdges" }, inside);
  }
  if (basin) shade();

  function arrows() {
    const spacing = (2 * range) / grid, centres = Array.from({ length: grid }, (_, i) => -range + (i + 0.5) * spacing);
    const all = centres.flatMap((w) => centres.map((w0) => ({ at: [w0, w], rate: velocity([w0, w]) })));
    const fastest = Math.max(...all.map(({ rate }) => Math.hypot(...rate)));
    const parts = all.map(({ at, rate }) => {
      const speed = Math.hypot(...rate);
      if (!(speed > 0)) return "";
      // Lengths grow with the root of the speed, so that arrows near the solutions can be seen.
      const size = (1.5 * spacing * Math.sqrt(speed / fastest)) / speed, tip = along(at, rate, size);
      const x = (tip[0] - at[0]) * SIDE / (2 * range), y = (at[1] - tip[1]) * SIDE / (2 * range);
      const head = Math.min(1, 5 / Math.hypot(x, y)), [a, b] = [0.8 * head, 0.45 * head];
      const barb = (side) => `${(across(tip[0]) - a * x + side * b * y).toFixed(2)} ${(up(tip[1]) - a * y - side * b * x).toFixed(2)}`;
      return `M${place(...at)}L${place(...tip)}M${barb(1)}L${place(...tip)}L${barb(-1)}`;
    });
    draw("path", { d: parts.join(""), fill: "none", stroke: "#777777", "stroke-width": 0.8 }, inside);
  }
  arrows();

  const trace = (w0) => -(B * (T / w0) + w0 * w0); // of the flow's Jacobian on the hyperbola: stable below 0
  function solutions() {
    const nearest = Math.abs(T) / range, turn = -Math.cbrt(B * T); // where the trace is 0
    if (nearest >= range) return;
    for (const sign of [-1, 1]) {
      const between = nearest < sign * turn && sign * turn < range ? [sign * turn] : [];
      const edges = [nearest, ...between, range];
      for (let i = 0; i + 1 < edges.length; i++) {
        const ratio = edges[i + 1] / edges[i];
        const points = Array.from({ length: 101 }, (_, k) => sign * edges[i] * ratio ** (k / 100));
        const good = B * (T / points[50]) > 0, stable = trace(points[50]) < 0;
        const line = { d: `M${points.map((w0) => place(w0, T / w0)).join("L")}`, fill: "none", "stroke-width": 4 };
        draw("path", { ...line, stroke: good ? "#999999" : "#000000", ...(stable ? {} : { "stroke-dasharray": "6 4" }) }, inside);
      }
    }
  }
  solutions();

  function axes() {
    draw("rect", { width: SIDE, height: SIDE, fill: "none", stroke: "#444444" }, plot);
    for (const part of [-1, -0.5, 0, 0.5, 1]) {
      const at = across(part * range);
      draw("path", { d: `M${at} ${SIDE}v5M0 ${SIDE - at}h-5`, stroke: "#444444" }, plot);
      draw("text", { x: at, y: SIDE + 22, "text-anchor": "middle" }, plot).textContent = show(part * range);
      draw("text", { x: -9, y: SIDE - at + 5, "text-anchor": "end" }, plot).textContent = show(part * range);
    }
    draw("text", { x: SIDE / 2, y: SIDE + 47, "text-anchor": "middle" }, plot).textContent = "W₀";
    draw("text", { x: -56, y: SIDE / 2 + 5, "text-anchor": "middle" }, plot).textContent = "W";
  }
  axes();

  // ---- paths ----

  const paths = draw("g", { id: "flow-paths", "clip-path": "url(#flow-square)" }, plot);
  let started = 0;

  function trajectory(start, colour, width, parent) {
    const { states, atRest } = integrate(start);
    const group = draw("g", { fill: "none", stroke: colour, "stroke-width": width }, parent);
    const path = draw("path", { d: `M${states.map((state) => place(...state)).join("L")}` }, group);
    draw("circle", { cx: across(start[0]), cy: up(start[1]), r: 3 + width / 2, fill: colour, stroke: "none" }, group);
    const end = states[states.length - 1];
    draw("circle", { cx: across(end[0]), cy: up(end[1]), r: 3.5 + width / 2, fill: "#FFFFFF" }, group);
    return { group, path, end, atRest };
  }
  trajectory([0, 0], "#009E73", 3, inside);

  function reveal(path) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const length = path.getTotalLength();
    if (!(length > 0)) return;
    path.animate({ strokeDasharray: [`0 ${length}`, `${length} 0`] }, { duration: 900, easing: "ease-out" });
  }

  function sentence(start, { end, atRest, path }) {
    const at = ([w0, w]) => `W₀ = ${show(w0)}, W = ${show(w)}`;
    const beyond = Math.max(Math.abs(end[0]), Math.abs(end[1])) > range ? ", outside the square" : "";
    if (!atRest) return `From ${at(start)} the path reached ${at(end)}${beyond}, but did not come to rest there.`;
    const sign = B * end[1] > 0 ? "B W > 0, so e'WBe > 0: the feedback helps" : "B W < 0, so e'WBe < 0: the feedback does not help";
    if (Math.abs(T - start[0] * start[1]) <= 1e-9 * Math.abs(T)) {
      const push = trace(start[0]) < 0 ? "" : "; it is not stable: a small perturbation may move it away";
      return `The start ${at(start)} is a solution and stays where it is. There ${sign}${push}.`;
    }
    return `From ${at(start)} the path ended at ${at(end)}${beyond}, where W W₀ = ${show(end[0] * end[1])}. There ${sign}.`;
  }

  function begin(start) {
    const drawn = trajectory(start, COLOURS[started++ % COLOURS.length], 2, paths);
    drawn.group.dataset.end = drawn.end.join(" ");
    while (paths.childElementCount > MOST) paths.firstElementChild.remove();
    reveal(drawn.path);
    told.textContent = sentence(start, drawn);
  }

  plot.addEventListener("click", (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(plot.getScreenCTM().inverse());
    if (at.x < 0 || at.y < 0 || at.x > SIDE || at.y > SIDE) return;
    const start = [at.x, SIDE - at.y].map((part) => Number(((part / SIDE) * 2 * range - range).toPrecision(3)));
    start.forEach((value, i) => { fields[i].value = value; });
    begin(start);
  });
  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const start = fields.map((field) => field.valueAsNumber);
    const wrong = start.map((value) => !(Math.abs(value) <= range));
    fields.forEach((field, i) => field.setAttribute("aria-invalid", String(wrong[i])));
    if (wrong.some(Boolean)) {
      told.textContent = `W₀ and W must be numbers from ${show(-range)} to ${show(range)}.`;
      fields[wrong.indexOf(true)].focus();
    } else {
      begin(start);
    }
  });
  byId("clear").addEventListener("click", () => {
    paths.replaceChildren();
    told.textContent = "All paths removed, except the one from (0, 0).";
  });
  [-0.4, -0.95].forEach((part, i) => { fields[i].value = Number((part * range).toPrecision(3)); });
  root.hidden = false;
})();

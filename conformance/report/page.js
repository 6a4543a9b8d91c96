"use strict";
// The interactive part of the page: filters, a grid for the arrow keys, and a dialog for one cell.
// Text from a report is never parsed as markup: it only becomes text nodes.
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const table = document.querySelector("#matrix table");
  const rows = Array.from(table.querySelectorAll("tr.case"));
  const groups = Array.from(table.tBodies);
  const form = document.querySelector(".filters");
  const dialog = document.querySelector("dialog");
  const content = document.getElementById("content");
  const found = document.getElementById("count");
  const sheet = document.styleSheets[0];
  const words = (row, column) => { const own = row.cells[column + 1].dataset; return "w" in own ? own.w : "PASS"; };
  let haystacks = null;
  let columnRule = -1;
  let shownCell = null;

  // ---- elements

  function element(name, text, className) {
    const made = document.createElement(name);
    if (text !== undefined) { made.textContent = text; }
    if (className) { made.className = className; }
    return made;
  }

  function pairs(list) {
    const made = element("dl");
    for (const [term, text] of list) {
      if (text) { made.append(element("dt", term), element("dd", text)); }
    }
    return made;
  }

  function option(text, value) {
    const made = element("option", text);
    made.value = value;
    return made;
  }

  // ---- filters

  function textOf(index) {
    if (!haystacks) {
      haystacks = data.cases.map((one, place) => {
        const section = document.getElementById("c-" + one.id);
        return [one.id, one.title, one.why, one.rules.join(" "), one.op, rows[place].textContent, section ? section.textContent : ""]
          .join(" ").toLowerCase();
      });
    }
    return haystacks[index];
  }

  function isWanted(index) {
    const one = data.cases[index];
    const only = form.implementation.value;
    const word = form.verdict.value;
    const columns = only === "" ? data.implementations.map((_, column) => column) : [Number(only)];
    const text = form.text.value.trim().toLowerCase();
    return (!form.operation.value || one.op === form.operation.value)
      && (!form.rule.value || one.rules.includes(form.rule.value))
      && (!word || columns.some((column) => word === "any" ? words(rows[index], column) in data.noteworthy
        : words(rows[index], column) === word))
      && (!text || text.split(/\s+/).every((piece) => textOf(index).includes(piece)));
  }

  function filter() {
    let count = 0;
    rows.forEach((row, index) => {
      row.hidden = !isWanted(index);
      count += row.hidden ? 0 : 1;
      const section = document.getElementById("c-" + data.cases[index].id);
      if (section) { section.hidden = row.hidden; }
    });
    for (const group of groups) {
      group.hidden = !group.querySelector("tr.case:not([hidden])");
    }
    const only = form.implementation.value;
    if (columnRule >= 0) { sheet.deleteRule(columnRule); }
    columnRule = only === "" ? -1 : sheet.insertRule("#matrix tr > :not(:first-child):not(:nth-child(" + (Number(only) + 2)
      + ")) { display: none; }", sheet.cssRules.length);
    for (const article of document.querySelectorAll(".finding article")) {
      article.hidden = only !== "" && article.dataset.i !== only;
    }
    found.textContent = count + " of " + rows.length + " cases";
    if (!isShown(current)) { setCurrent(firstCell()); }
  }

  function fillFilters() {
    data.implementations.forEach((one, index) => form.implementation.append(option(one, String(index))));
    for (const word of data.words) { form.verdict.append(option(word, word)); }
    for (const operation of new Set(data.cases.map((one) => one.op))) { form.operation.append(option(operation, operation)); }
    const rules = Array.from(new Set([].concat(...data.cases.map((one) => one.rules)))).sort();
    for (const rule of rules) { form.rule.append(option(rule, rule)); }
    let waiting = 0;
    form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
    form.addEventListener("submit", (event) => { event.preventDefault(); filter(); });
    form.addEventListener("reset", () => setTimeout(filter, 0));
  }

  // ---- the grid: one stop for Tab, arrow keys inside

  let current = null;

  function isShown(cell) {
    return cell !== null && cell.getClientRects().length > 0;
  }

  function firstCell() {
    const row = rows.find((one) => !one.hidden);
    return row ? Array.from(row.cells).find(isShown) || null : null;
  }

  function setCurrent(cell) {
    if (current) { current.removeAttribute("tabindex"); }
    current = cell;
    if (current) { current.tabIndex = 0; }
  }

  function moved(cell, key) {
    const shown = rows.filter((row) => !row.hidden);
    const place = shown.indexOf(cell.parentNode);
    const inRow = Array.from(cell.parentNode.cells).filter(isShown);
    const column = inRow.indexOf(cell);
    const down = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[key];
    if (down) {
      return shown[Math.max(0, Math.min(shown.length - 1, place + down))].cells[cell.cellIndex];
    }
    const across = { ArrowRight: column + 1, ArrowLeft: column - 1, Home: 0, End: inRow.length - 1 }[key];
    return across === undefined ? null : inRow[Math.max(0, Math.min(inRow.length - 1, across))];
  }

  function caseCell(target) {
    const cell = target.closest("tr.case > *");
    return cell && table.contains(cell) ? cell : null;
  }

  function walkGrid() {
    table.setAttribute("role", "grid");
    table.setAttribute("aria-describedby", "keys");
    for (const link of table.querySelectorAll("tr.case a")) { link.tabIndex = -1; }
    setCurrent(firstCell());
    table.addEventListener("keydown", (event) => {
      const cell = caseCell(event.target);
      if (!cell || event.ctrlKey || event.altKey || event.metaKey) { return; }
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        open(cell);
        return;
      }
      const next = moved(cell, event.key);
      if (next) {
        event.preventDefault();
        setCurrent(next);
        next.focus();
        next.scrollIntoView({ block: "nearest", inline: "nearest" });
      }
    });
    table.addEventListener("click", (event) => {
      const cell = caseCell(event.target);
      if (!cell) { return; }
      event.preventDefault();
      setCurrent(cell);
      cell.focus();
      open(cell);
    });
  }

  // ---- one cell

  function findingOf(one, column) {
    return document.querySelector("#c-" + CSS.escape(one.id) + " article[data-i='" + column + "']");
  }

  function tellCell(row, one, column, full) {
    const written = findingOf(one, column);
    if (written) {
      const copy = written.cloneNode(true);
      copy.hidden = false;
      return copy;
    }
    const made = element("article");
    const cell = row.cells[column + 1];
    const head = element("h4", data.implementations[column] + " ");
    head.append(element("span", cell.dataset.w === "" ? "not run" : words(row, column), "word " + cell.className));
    made.append(head);
    const note = (data.notes[column] || {})[String(data.cases.indexOf(one))];
    if (note !== undefined) { made.append(element("p", data.texts[note])); }
    if (full && words(row, column) === "PASS") {
      made.append(element("p", "The answer is as expected in every chunking."));
    }
    return made;
  }

  function open(cell) {
    const row = cell.parentNode;
    const one = data.cases[rows.indexOf(row)];
    const column = cell.cellIndex - 1;
    const columns = data.implementations.map((_, index) => index);
    const others = columns.filter((index) => index !== column);
    shownCell = cell;
    document.getElementById("head").textContent = one.id;
    content.textContent = "";
    content.append(element("p", one.title));
    if (column >= 0) { content.append(tellCell(row, one, column, true)); }
    content.append(element("h4", "The case"), pairs([
      ["operation", one.op], ["why", one.why], ["level", one.level], ["since", one.since], ["source", one.source],
      ["chunkings", one.chunking]].concat(one.rules.map((rule) => [rule, data.rules[rule] || ""]))));
    if (one.lines) { content.append(element("pre", one.lines)); }
    const told = others.filter((index) => column < 0 || words(row, index) in data.noteworthy);
    if (told.length) {
      content.append(element("h4", column < 0 ? "Results" : "Other implementations that do not simply pass"));
      for (const index of told) { content.append(tellCell(row, one, index, false)); }
    }
    if (!dialog.open) { dialog.showModal(); }
    dialog.scrollTop = 0;
    history.replaceState(null, "", "#" + encodeURIComponent(one.id + (column < 0 ? "" : "@" + data.implementations[column])));
  }

  function step(by) {
    const shown = rows.filter((row) => !row.hidden);
    const column = shownCell.cellIndex;
    for (let place = shown.indexOf(shownCell.parentNode) + by; place >= 0 && place < shown.length; place += by) {
      const cell = shown[place].cells[column];
      if (column === 0 || cell.dataset.w in data.noteworthy) {
        setCurrent(cell);
        open(cell);
        return;
      }
    }
  }

  function openNamed() {
    let wanted = "";
    try { wanted = decodeURIComponent(location.hash.slice(1)); } catch (error) { return; }
    const at = wanted.indexOf("@");
    const index = data.cases.findIndex((one) => one.id === (at < 0 ? wanted : wanted.slice(0, at)));
    if (index < 0) { return; }
    const column = at < 0 ? -1 : data.implementations.indexOf(wanted.slice(at + 1));
    rows[index].hidden = false;
    rows[index].parentNode.hidden = false;
    setCurrent(rows[index].cells[column + 1]);
    current.scrollIntoView({ block: "center" });
    open(current);
  }

  function serveDialog() {
    document.getElementById("close").addEventListener("click", () => dialog.close());
    document.getElementById("next").addEventListener("click", () => step(1));
    document.getElementById("previous").addEventListener("click", () => step(-1));
    dialog.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) { return; }
      if (event.key === "n") { step(1); } else if (event.key === "p") { step(-1); }
    });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) { dialog.close(); } });
    dialog.addEventListener("close", () => {
      history.replaceState(null, "", location.pathname + location.search);
      if (current) { current.focus(); }
    });
  }

  fillFilters();
  walkGrid();
  serveDialog();
  root.classList.add("scripted");
  filter();
  openNamed();
  window.addEventListener("hashchange", openNamed);
}());


"use strict";
// The interactive part of the page: links between pieces, and the fields. Text becomes text nodes only.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const form = document.getElementById("form");
  const status = document.getElementById("status");
  const slots = Array.from(document.querySelectorAll("[data-v]"));
  const commands = Array.from(document.querySelectorAll("[data-t]"));
  const { hex, utf8 } = Engine;

  // ---- values: the same names as in authoring/illustrated/values.py

  const lossy = (bytes) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const shownHex = (bytes) => Array.from(bytes, (byte) => hex([byte])).join(" ");
  const eight = (number) => number.toString(16).padStart(8, "0");
  const HEADERS = data.headers.map(([name, value]) => ({ name, type: "string", value }));

  async function signatureValues(given) {
    const mark = given.target.indexOf("?");
    const headers = data.request.headers.map(([name, value]) => [name, name === "Content-Type" ? given.type : value]);
    const body = utf8(given.body);
    const signed = await Engine.sign({ ...data.request, headers, target: given.target, secret_key: given.secret, time: given.time, body });
    const lines = Object.fromEntries(signed.names.map((name, at) => [`can.${name}`, signed.lines[3 + at]]));
    return {
      ...lines,
      path: mark < 0 ? given.target : given.target.slice(0, mark),
      query: mark < 0 ? "" : given.target.slice(mark),
      raw_query: mark < 0 ? "" : given.target.slice(mark + 1),
      content_type: given.type,
      time: given.time,
      day: given.time.slice(0, 8),
      length: String(body.length),
      body: given.body,
      secret: given.secret,
      "can.path": signed.lines[1],
      "can.query": signed.lines[2],
      "can.names": signed.names.join(";"),
      "can.hash": signed.payloadHash,
      canonical: signed.canonical_request,
      "sts.hash": signed.requestHash,
      scope: signed.scope,
      to_sign: signed.string_to_sign,
      ...signed.keys,
      signature: signed.signature,
      authorization: signed.authorization,
    };
  }

  function fieldsOf(frame) {
    const fields = [["total_length", 4], ["headers_length", 4], ["prelude_crc", 4]];
    for (const { name, value } of HEADERS) {
      fields.push(["name_length", 1], ["name", name.length], ["type", 1], ["value_length", 2], ["value", value.length]);
    }
    const used = fields.reduce((sum, [, length]) => sum + length, 0);
    return [...fields, ["payload", frame.length - used - 4], ["message_crc", 4]];
  }

  function meaning(name, bytes, frame, offset) {
    if (name === "payload") { return `${bytes.length} bytes`; }
    if (name === "type") { return bytes[0] === 7 ? "string" : `type ${bytes[0]}`; }
    if (name === "name" || name === "value") { return lossy(bytes); }
    if (name.endsWith("_crc")) {
      const [found, computed] = [Engine.readU32(bytes, 0), Engine.crc32(frame.subarray(0, offset))];
      return found === computed ? "ok" : `${eight(found)}, computed ${eight(computed)}`;
    }
    return String(bytes.reduce((high, low) => high * 256 + low, 0));
  }

  function frameValues(number, frame, start) {
    const values = { [`f${number}.length`]: String(frame.length) };
    let offset = 0;
    fieldsOf(frame).forEach(([name, length], at) => {
      const bytes = frame.slice(offset, offset + length);
      const slot = `f${number}.${at}`;
      values[`${slot}.offset`] = String(start + offset);
      values[`${slot}.bytes`] = shownHex(bytes);
      values[`${slot}.hex`] = hex(bytes);
      values[`${slot}.value`] = meaning(name, bytes, frame, offset);
      values[`${slot}.before`] = hex(frame.subarray(0, offset));
      if (name.endsWith("_crc")) { values[`${slot}.crc`] = eight(Engine.crc32(frame.subarray(0, offset))); }
      if (name === "type") { values[`${slot}.code`] = String(bytes[0]); }
      offset += length;
    });
    return values;
  }

  function chunkValues(body, ends) {
    const first = Math.min(data.first_chunk, body.length);
    const values = {};
    [[1, 0, first], [2, first, body.length]].forEach(([number, start, end]) => {
      const held = ends.map((stop, at) => [at + 1, at ? ends[at - 1] : 0, stop]).filter(([, begin, stop]) => begin < end && stop > start)
        .map(([frame, begin, stop]) => `bytes ${Math.max(start, begin) - begin} to ${Math.min(end, stop) - begin - 1} of frame ${frame}`);
      values[`chunk${number}.size`] = (end - start).toString(16);
      values[`chunk${number}.length`] = String(end - start);
      values[`chunk${number}.holds`] = held.join(", ");
    });
    return values;
  }

  function streamValues(given) {
    const output = utf8(given.text);
    const split = Math.min(Math.max(Number(given.split) || 0, 0), output.length);
    const frames = [output.slice(0, split), output.slice(split)].map((payload) => Engine.encodeFrame(HEADERS, payload));
    const ends = [frames[0].length, frames[0].length + frames[1].length];
    const body = Engine.concat(frames);
    if (given.damage !== "" && body[Number(given.damage)] !== undefined) { body[Number(given.damage)] ^= 1; }
    const values = { "body.length": String(body.length), ...chunkValues(body, ends) };
    Object.assign(values, frameValues(1, body.subarray(0, ends[0]), 0), frameValues(2, body.subarray(ends[0]), ends[0]));
    return { ...values, ...decodedValues(body, ends) };
  }

  function decodedValues(body, ends) {
    const decoder = new Engine.Decoder();
    const values = {};
    const parts = [];
    let problem = null;
    ends.forEach((end, at) => {
      const number = at + 1;
      const result = problem ? "not decoded: a decoder does not go on after an error (EVS-024)" : "accepted: both checksums are correct";
      Object.assign(values, { [`decoded${number}`]: result, [`part${number}.hex`]: "", [`part${number}.text`]: "nothing" });
      if (problem) { return; }
      try {
        const messages = decoder.feed(body.subarray(at ? ends[at - 1] : 0, end));
        for (const { payload } of messages) {
          parts.push(payload);
          Object.assign(values, { [`part${number}.hex`]: hex(payload), [`part${number}.text`]: lossy(payload) });
        }
        decoder.close();
      } catch (error) {
        problem = error;
        values[`decoded${number}`] = `rejected: ${error.message}`;
      }
    });
    const whole = Engine.concat(parts);
    return { ...values, "text.hex": hex(whole), text: lossy(whole) };
  }

  async function valuesOf(given) {
    return { ...(await signatureValues(given)), ...streamValues(given) };
  }

  // ---- commands: {name} is a value, {name:sh} is quoted for a shell

  function quoted(text) {
    return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\"'\"'")}'`;
  }
  function filled(template, values) {
    return template.replace(/\{([a-z0-9_.-]+)(:sh)?\}/g, (_, name, how) => (how ? quoted(values[name]) : values[name]));
  }

  // ---- the fields

  let first = null;
  let turn = 0;

  function given() {
    return Object.fromEntries(Object.keys(data.fields).map((name) => [name, form.elements[name].value]));
  }

  function show(values) {
    for (const slot of slots) {
      const name = slot.dataset.v;
      slot.textContent = values[name] === undefined ? "\u2013" : values[name];
      slot.classList.toggle("changed", values[name] !== first[name]);
    }
    for (const command of commands) { command.textContent = values[command.dataset.out] === undefined ? "\u2013" : filled(command.dataset.t, values); }
    const names = [];
    for (const link of document.querySelectorAll("nav a")) {
      const isChanged = document.querySelector(`${link.hash} [data-v].changed`) !== null;
      link.classList.toggle("changed", isChanged);
      if (isChanged) { names.push(link.textContent.toLowerCase()); }
    }
    return names;
  }

  async function update() {
    if (!first) { return; } // the values of the page are still being compared
    turn += 1;
    const mine = turn;
    const wanted = given();
    for (const [name, value] of Object.entries(data.fields)) { form.elements[name].classList.toggle("changed", wanted[name] !== value); }
    let values = {};
    let problem = "";
    try {
      values = await signatureValues(wanted);
    } catch (error) {
      if (!(error instanceof Engine.Problem)) { throw error; }
      problem = error.message;
    }
    Object.assign(values, streamValues(wanted));
    form.elements.damage.max = Number(values["body.length"]) - 1;
    if (mine !== turn) { return; } // a later change has overtaken this one
    const names = show(values);
    document.documentElement.dataset.shown = String(mine);
    status.classList.toggle("problem", problem !== "");
    status.textContent = problem ? `A signer rejects this: ${problem}` : names.length ? `Changed: ${names.join(", ")}.` : "";
  }

  function serveFields() {
    for (const [name, value] of Object.entries(data.fields)) { form.elements[name].defaultValue = value; form.elements[name].value = value; }
    form.addEventListener("input", update);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(update, 0));
  }

  // ---- links between pieces: pointing at one marks the others

  function mark(piece) {
    for (const lit of document.querySelectorAll(".lit")) { lit.classList.remove("lit"); }
    if (!piece) { return; }
    const wanted = (piece.dataset.l || "").split(" ").filter(Boolean);
    for (const other of document.querySelectorAll("[data-l]")) {
      const own = other.dataset.l.split(" ");
      other.classList.toggle("lit", other === piece || wanted.some((name) => own.includes(name)));
    }
    piece.classList.add("lit");
    const about = piece.closest("section").querySelector(".about");
    if (about && piece.dataset.a) { about.textContent = piece.dataset.a; }
  }

  function serveBlock(block) {
    const pieces = Array.from(block.querySelectorAll("[data-l], [data-a]"));
    if (!pieces.length) { return; }
    pieces.forEach((piece, at) => { piece.tabIndex = at ? -1 : 0; });
    block.addEventListener("keydown", (event) => {
      const place = pieces.indexOf(event.target);
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const wanted = { Home: 0, End: pieces.length - 1 }[event.key];
      if (place < 0 || (step === undefined && wanted === undefined)) { return; }
      event.preventDefault();
      const next = pieces[wanted === undefined ? Math.max(0, Math.min(pieces.length - 1, place + step)) : wanted];
      event.target.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
    block.addEventListener("focusin", (event) => mark(event.target));
    block.addEventListener("focusout", () => mark(null));
    block.addEventListener("pointerover", (event) => mark(event.target.closest("[data-l], [data-a]")));
    block.addEventListener("pointerleave", () => mark(null));
  }

  function serveCopies() {
    for (const button of document.querySelectorAll(".command button")) {
      button.addEventListener("click", async () => {
        const code = button.parentNode.querySelector("code");
        try {
          await navigator.clipboard.writeText(code.textContent);
          button.textContent = "Copied";
        } catch (error) {
          getSelection().selectAllChildren(code);
          button.textContent = "Selected";
        }
        setTimeout(() => { button.textContent = "Copy"; }, 2000);
      });
    }
  }

  serveFields();
  document.querySelectorAll(".links").forEach(serveBlock);
  serveCopies();
  document.documentElement.classList.add("scripted");
  valuesOf(data.fields).then((values) => {
    first = values;
    // The printed values come from another implementation. They must be the same.
    const different = slots.filter((slot) => slot.textContent !== values[slot.dataset.v]).map((slot) => slot.dataset.v)
      .concat(commands.filter((command) => command.textContent !== filled(command.dataset.t, values)).map((command) => command.dataset.t));
    if (different.length) {
      status.classList.add("problem");
      status.textContent = `This browser computes other values: ${different.join(", ")}`;
    }
    document.documentElement.dataset.ready = String(different.length);
    update();
  });
})();

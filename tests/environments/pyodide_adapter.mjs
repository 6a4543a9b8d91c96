// The adapter of the reference in Pyodide: node pyodide_adapter.mjs CHECKOUT
import fs from "fs";
import path from "path";
import { loadPyodide } from "pyodide";

export async function pythonWith(checkout, folders) {
  const python = await loadPyodide();
  const copy = (from, to) => {
    python.FS.mkdirTree(to);
    for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
      const source = path.join(from, entry.name);
      if (entry.isDirectory() && entry.name !== "__pycache__") copy(source, to + "/" + entry.name);
      if (entry.name.endsWith(".py")) python.FS.writeFile(to + "/" + entry.name, fs.readFileSync(source));
    }
  };
  for (const folder of folders) copy(path.join(checkout, folder), "/home/pyodide/" + folder);
  return python;
}

if (process.argv[1].endsWith("pyodide_adapter.mjs")) {
  const python = await pythonWith(process.argv[2], ["refimpl", "conformance"]);
  python.setStdin({ read: (buffer) => fs.readSync(0, buffer), isatty: false });
  python.setStdout({ write: (buffer) => fs.writeSync(1, buffer), isatty: false });
  await python.runPythonAsync(`
import sys
sys.path.insert(0, "/home/pyodide")
from conformance.adapters import refimpl as adapter
from conformance.protocol.messages import serve
serve("refimpl", adapter.VERSION, adapter.OPERATIONS, reporting=adapter.REPORTING)
`);
}

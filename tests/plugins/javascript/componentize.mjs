// componentize.mjs SOURCE WIT OUT [--no-wasi]: the component of a filter's source. COMPONENTIZE is where componentize-js lies.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [source, wit, out, flag] = process.argv.slice(2);
const plain = flag === '--no-wasi';
const root = process.env.COMPONENTIZE;
const { main, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entry = exports?.['.']?.default ?? exports?.['.'] ?? main ?? 'src/componentize.js';
const { componentize } = await import(pathToFileURL(join(root, entry)));

const { component } = await componentize({
  sourcePath: source,
  witPath: wit,
  worldName: 'filter-plugin',
  // With WASI left in, as authors build it who know of no switch, the host's inert WASI is tried, too. Without it a filter
  // imports only flistry's own interfaces.
  disableFeatures: plain ? ['http', 'fetch-event', 'random', 'clocks', 'stdio'] : ['http', 'fetch-event'],
});
writeFileSync(out, component);

// componentize.mjs SOURCE WIT OUT: the component of a filter's source. COMPONENTIZE is where componentize-js lies.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [source, wit, out] = process.argv.slice(2);
const root = process.env.COMPONENTIZE;
const { main, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entry = exports?.['.']?.default ?? exports?.['.'] ?? main ?? 'src/componentize.js';
const { componentize } = await import(pathToFileURL(join(root, entry)));

const { component } = await componentize({
  sourcePath: source,
  witPath: wit,
  worldName: 'filter-plugin',
  // What a filter needs none of: files, network, a clock.
  disableFeatures: ['http', 'fetch-event', 'random', 'clocks', 'stdio'],
});
writeFileSync(out, component);

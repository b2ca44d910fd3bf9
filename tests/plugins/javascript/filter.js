// A filter in JavaScript: drops what ends in one of the configured endings, `{"endings": [".txt"]}`.
import { log } from 'flistry:plugin/log@0.1.0';

// What jco throws for an `err`: an object with the payload.
const refuse = (code, message) => {
  throw Object.assign(new Error(message), { payload: { code, message, entry: undefined } });
};

const parse = (config) => {
  const { endings, ...unknown } = JSON.parse(config);
  const [setting] = Object.keys(unknown);
  if (setting !== undefined) refuse('bad-config', `there is no setting \`${setting}\``);
  if (!Array.isArray(endings)) refuse('bad-config', '`endings` has to be a list');
  return endings;
};

let endings = [];

export const configuration = {
  validate(config) {
    parse(config);
  },
};

export const filter = {
  begin(facts, config) {
    endings = parse(config);
    log('info', `${facts.flist}: drops ${endings.join(', ')}`);
  },

  decide(batch) {
    return batch.map(({ id, path }) => {
      const ending = endings.find((ending) => path.endsWith(ending));
      return [id, ending === undefined ? { tag: 'keep' } : { tag: 'drop', val: `ends in ${ending}` }];
    });
  },
};

// A filter in JavaScript: drops what ends in one of the configured endings, `{"endings": [".txt"]}`.
import { flist } from 'flistry:plugin/build@0.1.0';
import { json } from 'flistry:plugin/configuration@0.1.0';
import { log } from 'flistry:plugin/log@0.1.0';

// What jco throws for an `err`: an object with the payload.
const refuse = (code, message) => {
  throw Object.assign(new Error(message), { payload: { code, message, entry: undefined } });
};

const endings = () => {
  const { endings, ...unknown } = JSON.parse(json());
  const [setting] = Object.keys(unknown);
  if (setting !== undefined) refuse('bad-config', `there is no setting \`${setting}\``);
  if (!Array.isArray(endings)) refuse('bad-config', '`endings` has to be a list');
  return endings;
};

export const validation = {
  validate() {
    endings();
  },
};

class Filter {
  constructor(endings) {
    this.endings = endings;
  }

  static create() {
    const filter = new Filter(endings());
    log('info', `${flist()}: drops ${filter.endings.join(', ')}`);
    return filter;
  }

  decide(batch) {
    return batch.map(({ path }) => {
      const ending = this.endings.find((ending) => path.endsWith(ending));
      return ending === undefined ? { tag: 'keep' } : { tag: 'drop', val: `ends in ${ending}` };
    });
  }
}

export const filter = { Filter };

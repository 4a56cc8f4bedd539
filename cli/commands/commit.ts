// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';

export default defineCommand({
  usage: '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]',
  describe: "Create a new image from a container's changes",
  examples: [
    ['commit work site:1.0', 'make an image of the container work'],
    [`commit -c 'CMD ["nginx"]' -m 'with nginx' work`, 'say what it runs and why it was made'],
  ],
  options: {
    author: { type: 'string', alias: 'a', value: 'TEXT', describe: 'Author, e.g. "Ada Lovelace <ada@example.org>"' },
    change: { type: 'list', alias: 'c', value: 'INSTRUCTION', describe: 'Dockerfile instruction to apply: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, STOPSIGNAL, USER, VOLUME, WORKDIR' },
    message: { type: 'string', alias: 'm', value: 'TEXT', describe: 'Commit message' },
    pause: { type: 'boolean', alias: 'p', describe: 'Accepted for compatibility: a snapshot is one moment, nothing has to be paused' },
  },
  operands: [1, 2],
  async run({ author, change, message, _: [word = '', reference] }, io) {
    const { containers } = await io.engine();
    const image = await (await containers.get(word)).commit({
      changes: change,
      ...(reference !== undefined && { reference }),
      ...(author !== undefined && { author }),
      ...(message !== undefined && { comment: message }),
    });
    io.print(`sha256:${image.id}`);
  },
});

// SPDX-License-Identifier: Apache-2.0
import type { DiskUsage } from '../../lib/disk-usage';
import { defineCommand } from '../command';
import { CONTAINER_HEADINGS } from '../output/container-row';
import { formatRows } from '../output/format';
import { compileTemplate } from '../output/template';
import * as usage from '../output/usage-rows';

const STANDARD = 'table {{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}';

export default defineCommand({
  usage: '[OPTIONS]',
  describe: 'Show what takes space in the store',
  examples: [
    ['system df', 'in four lines'],
    ['system df -v', 'image by image, container by container'],
  ],
  options: {
    format: { type: 'string', value: 'TEMPLATE', describe: "'table', 'table TEMPLATE', 'json', or a Go template" },
    verbose: { type: 'boolean', alias: 'v', default: false, describe: 'Show each image, container and volume' },
  },
  async run({ format, verbose }, io) {
    const layout = { standard: STANDARD, headings: { ...usage.USAGE_HEADINGS } };
    const render = verbose ? detailed(format) : undefined;
    if (render === undefined) formatRows(format, { ...layout, rows: [] }); // a template that is wrong is wrong at once
    const disk = await (await io.engine()).diskUsage();
    io.stdout.write(render === undefined ? formatRows(format, { ...layout, rows: usage.usageRows(disk) }) : render(disk));
  },
});

function detailed(format: string | undefined): (disk: DiskUsage) => string {
  if (format === undefined || format === '' || format === 'table') return tables;
  const render = compileTemplate(format === 'json' ? '{{json .}}' : format);
  return (disk) => `${render(usage.usageDetails(disk))}\n`;
}

function tables(disk: DiskUsage): string {
  const { Images, Containers, Volumes } = usage.usageDetails(disk);
  return [
    'Images space usage:\n',
    formatRows(undefined, { standard: usage.IMAGE_USAGE, headings: usage.IMAGE_USAGE_HEADINGS, rows: Images }),
    'Containers space usage:\n',
    formatRows(undefined, { standard: usage.CONTAINER_USAGE, headings: { ...CONTAINER_HEADINGS }, rows: Containers }),
    'Local Volumes space usage:\n',
    formatRows(undefined, { standard: usage.VOLUME_USAGE, headings: usage.VOLUME_USAGE_HEADINGS, rows: Volumes }),
    'Build cache usage: 0B\n',
    formatRows(undefined, { standard: 'table {{.ID}}\t{{.CacheType}}\t{{.Size}}\t{{.CreatedSince}}\t{{.LastUsedSince}}\t{{.UsageCount}}\t{{.Shared}}', headings: CACHE_HEADINGS, rows: [] }),
  ].join('\n');
}

const CACHE_HEADINGS = { ID: 'CACHE ID', CacheType: 'CACHE TYPE', Size: 'SIZE', CreatedSince: 'CREATED', LastUsedSince: 'LAST USED', UsageCount: 'USAGE', Shared: 'SHARED' };

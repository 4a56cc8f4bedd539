// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { parseTimestamp } from '../../cli/timestamp';

describe('moments as Docker takes them', () => {
  const now = Date.parse('2026-03-01T12:00:00.250Z');
  const ns = (time: string) => BigInt(Date.parse(time)) * 1_000_000n;

  const good: [string, bigint][] = [
    ['10m', ns('2026-03-01T11:50:00.250Z')],
    ['1h30m1.5s', ns('2026-03-01T10:29:58.750Z')],
    ['-1h', ns('2026-03-01T13:00:00.250Z')],
    ['250ms', ns('2026-03-01T12:00:00Z')],
    ['5ns', ns('2026-03-01T12:00:00.250Z') - 5n],
    ['0s', ns('2026-03-01T12:00:00.250Z')],
    ['0', 0n],
    ['1136073600', 1_136_073_600_000_000_000n],
    ['1136073600.000000001', 1_136_073_600_000_000_001n],
    ['1136073600.5', 1_136_073_600_500_000_000n],
    ['2006-01-02', ns('2006-01-02T00:00:00')],
    ['2006-01-02T15', ns('2006-01-02T15:00:00')],
    ['2006-01-02T15:04', ns('2006-01-02T15:04:00')],
    ['2006-01-02T15:04:05', ns('2006-01-02T15:04:05')],
    ['2006-01-02T15:04:05.000000009', ns('2006-01-02T15:04:05') + 9n],
    ['2006-01-02Z', ns('2006-01-02T00:00:00Z')],
    ['2006-01-02T15Z', ns('2006-01-02T15:00:00Z')],
    ['2006-01-02T15:04Z', ns('2006-01-02T15:04:00Z')],
    ['2006-01-02T15:04:05Z', ns('2006-01-02T15:04:05Z')],
    ['2006-01-02T15:04:05.123456789Z', ns('2006-01-02T15:04:05Z') + 123_456_789n],
    ['2006-01-02T15:04:05+02:00', ns('2006-01-02T15:04:05+02:00')],
    ['2006-01-02T15:04:05.5-07:00', ns('2006-01-02T15:04:05.5-07:00')],
    ['2006-01-02T15:04-07:00', ns('2006-01-02T15:04:00-07:00')],
    ['2006-01-02-07:00', ns('2006-01-02T00:00:00-07:00')],
  ];
  for (const [text, expected] of good) it(text, () => assert.equal(parseTimestamp(text, now), expected));

  const bad: [string, string][] = [
    ['nonsense', 'failed to parse value as time or duration: "nonsense"'],
    ['', 'failed to parse value as time or duration: ""'],
    ['10x', 'failed to parse value as time or duration: "10x"'],
    ['1.2.3', 'failed to parse value as time or duration: "1.2.3"'],
    ['m', 'failed to parse value as time or duration: "m"'],
    ['__proto__', 'failed to parse value as time or duration: "__proto__"'],
    ['-5', 'parsing time "-5" as "2006-01-02": cannot parse "-5" as "2006"'],
    ['2024-13-01', 'parsing time "2024-13-01": month out of range'],
    ['2024-02-30', 'parsing time "2024-02-30": day out of range'],
    ['2024-13-01T', 'parsing time "2024-13-01T": month out of range'],
    ['2024-01-01T25:00:00Z', 'parsing time "2024-01-01T25:00:00Z": hour out of range'],
    ['2024-01-01x', 'parsing time "2024-01-01x": extra text: "x"'],
    ['2024-1-01', 'parsing time "2024-1-01" as "2006-01-02": cannot parse "1-01" as "01"'],
    ['2024-01-01T10:00:00+99:99', 'parsing time "2024-01-01T10:00:00+99:99": time zone offset hour out of range'],
  ];
  for (const [text, message] of bad) it(`not ${JSON.stringify(text)}`, () => assert.throws(() => parseTimestamp(text, now), { message }));
});

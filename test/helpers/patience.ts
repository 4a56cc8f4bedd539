// SPDX-License-Identifier: Apache-2.0

/** An emulated machine is slower than any real one: `DOCKERLITE_TEST_PATIENCE` says how many times longer to wait there. */
const TIMES = Number(process.env['DOCKERLITE_TEST_PATIENCE'] ?? 1);

/** How long to wait, here, for what takes no longer than this anywhere else. */
export function patience(milliseconds: number): number {
  return milliseconds * TIMES;
}

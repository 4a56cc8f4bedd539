// SPDX-License-Identifier: Apache-2.0
import { main } from './main';

/** The program: ends as soon as the command has, whatever may still be open. */
void main(process.argv.slice(2)).then((status) => process.exit(status));

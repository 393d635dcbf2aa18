#!/usr/bin/env node
/** The program `weir`. Nothing heavy is loaded here: `--help` and `--version` must not pay for Arrow or native modules. */
import { run } from './program.js';

process.exit(await run(process.argv.slice(2)));

/** Loaded before the application, whose modules may read the environment at once: mistakes in it are told here, together. */
import { databaseVariable, name } from './about.ts';
import { readConfig } from './config.ts';

// The platform calls it DATABASE_URL, whatever the application calls it.
const { DATABASE_URL: databaseUrl } = process.env;
if (databaseVariable !== '' && databaseUrl) process.env[databaseVariable] ||= databaseUrl;

const { problems } = readConfig(process.env);
if (problems.length > 0) {
  for (const problem of problems) console.error(`${name}: ${problem}`);
  process.exit(1);
}

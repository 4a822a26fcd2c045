import { buildApp } from '../src/app.ts';

/** The application, as the monolith's code sets it up: the monolith's own start makes it like this. */
export async function createApplication() {
  return await buildApp();
}

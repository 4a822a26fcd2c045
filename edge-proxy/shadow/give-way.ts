import { setPriority } from 'node:os';

/** As `nice` counts. */
const BEHIND_USERS = 10;

/** When there is not enough CPU for both, the users' thread goes first. On Linux the priority is that of the calling thread alone. */
export function giveWay(): void {
  if (process.platform === 'linux') setPriority(BEHIND_USERS);
}

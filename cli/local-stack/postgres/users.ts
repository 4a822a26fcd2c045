import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, readSync, statSync } from 'node:fs';
import { StranglerError } from '../../../migration-plans/errors.ts';

/**
 * Who uses the embedded server. Every user holds the write end of one named pipe; the server's keeper reads from it and sees its
 * end when the last user has closed it or died. So the server lives exactly as long as somebody needs it, also after kill -9.
 */
export interface UserHold {
  /** The read end, for the keeper's standard input. The caller closes it. */
  openForKeeper(): number;
  /** Ends this use. True: it was the last one, so the server stops. */
  release(): boolean;
}

export function holdPipe(path: string): UserHold {
  if (!existsSync(path)) makePipe(path);
  if (!statSync(path).isFIFO())
    throw new StranglerError('STATE_FOLDER_BROKEN', `${path} is not the pipe that it should be`, {
      remedy: `remove it: rm ${path}`,
    });
  // Opened for both, because opening a pipe for writing alone waits for a reader. Not inherited by children.
  let held: number | undefined = openSync(path, constants.O_RDWR);
  return {
    openForKeeper: () => openSync(path, constants.O_RDONLY),
    release() {
      if (held === undefined) return false;
      const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      closeSync(held);
      held = undefined;
      try {
        return readSync(reader, Buffer.alloc(1)) === 0;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
        throw error;
      } finally {
        closeSync(reader);
      }
    },
  };
}

function makePipe(path: string): void {
  try {
    execFileSync('mkfifo', ['-m', '600', path], { stdio: 'pipe' });
  } catch (cause) {
    // Another process may have made it meanwhile.
    if (existsSync(path)) return;
    throw new StranglerError('POSTGRES_UNSUPPORTED', `could not make the named pipe ${path}`, {
      remedy:
        'the embedded PostgreSQL needs Linux, macOS or WSL and a file system with named pipes; or name a server of your own by stateStore.url in strangler.yaml',
      cause,
    });
  }
}

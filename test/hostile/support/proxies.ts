import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { edgeFor } from '../../edge/support/run.ts';
import { RawClient } from '../../forward/support/raw-client.ts';
import { freePort } from './free-port.ts';

/** A proxy before an origin on this machine. */
export interface RunningProxy {
  name: string;
  port: number;
  close(): Promise<void>;
}

const PROGRAMS = { nginx: ['nginx', '/usr/sbin/nginx'], haproxy: ['haproxy', '/usr/sbin/haproxy'] } as const;

/** Where a peer is installed. Undefined: it is not; `apt-get install nginx haproxy` on Debian. */
export function installed(peer: keyof typeof PROGRAMS): string | undefined {
  return PROGRAMS[peer].find((program) => spawnSync(program, ['-v']).status === 0);
}

export async function startOurs(origin: number): Promise<RunningProxy> {
  const edge = await edgeFor(`http://127.0.0.1:${origin}`);
  return { name: 'edge', port: Number(new URL(edge.url).port), close: () => edge.close() };
}

/** Plain reverse proxying as in nginx's documentation, with keep-alive to the origin. */
export function startNginx(program: string, origin: number): Promise<RunningProxy> {
  return startPeer('nginx', (folder, port) => {
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log crit;
worker_rlimit_nofile 4096;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  upstream origin { server 127.0.0.1:${origin}; keepalive 8; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_request_buffering off; proxy_next_upstream off;
    }
  }
}
`,
    );
    return [program, '-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')];
  });
}

export function startHaproxy(program: string, origin: number): Promise<RunningProxy> {
  return startPeer('haproxy', (folder, port) => {
    writeFileSync(
      join(folder, 'haproxy.cfg'),
      `global
  maxconn 1000
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
  retries 0
  option forwardfor
frontend users
  bind 127.0.0.1:${port}
  default_backend origin
backend origin
  server one 127.0.0.1:${origin}
`,
    );
    return [program, '-db', '-f', join(folder, 'haproxy.cfg')];
  });
}

async function startPeer(
  name: string,
  prepare: (folder: string, port: number) => readonly string[],
): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), `hostile-${name}-`));
  const port = await freePort();
  const [program, ...args] = prepare(folder, port);
  const child = spawn(program as string, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const close = async (): Promise<void> => {
    await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  for (let look = 0; !(await accepts(port)); look += 1) {
    if (child.exitCode !== null || look > 200) {
      await close();
      throw new Error(`${name} did not start: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return { name, port, close };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await RawClient.connect(port)).destroy();
    return true;
  } catch {
    return false;
  }
}

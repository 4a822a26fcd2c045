import { type Certificate, readCertificate, type TlsFiles } from './certificate.ts';

/** A TLS listener, as far as changing its certificate goes. Connections that are open keep the one they began with. */
export interface CertificateHolder {
  setSecureContext(options: { cert: string; key: string }): void;
}

export interface ReloadOptions {
  files: TlsFiles;
  current: Certificate;
  holder: CertificateHolder;
  /** Milliseconds between two looks at the files. Watching would miss what Kubernetes and certbot do: they swap symbolic links. */
  intervalMs?: number;
  onChange(certificate: Certificate): void;
  /** New files that cannot be used; the present certificate stays. Told once per content of the files. */
  onRefused(error: unknown): void;
}

export interface CertificateReload {
  current(): Certificate;
  /** New files that could not be used, since start. */
  failures(): number;
  /** Looks now. Never rejects. */
  check(): Promise<void>;
  close(): void;
}

const LOOK_MS = 10_000;

/** Shows a renewed certificate to new connections as soon as its files are there, both and fitting each other. */
export function reloadCertificate(options: ReloadOptions): CertificateReload {
  let current = options.current;
  let failures = 0;
  let lastRefusal: string | undefined;
  let running: Promise<void> | undefined;
  const timer = setInterval(() => void check(), options.intervalMs ?? LOOK_MS);
  timer.unref();

  async function once(): Promise<void> {
    try {
      const found = await readCertificate(options.files);
      lastRefusal = undefined;
      if (found.cert === current.cert && found.key === current.key) return;
      options.holder.setSecureContext({ cert: found.cert, key: found.key });
      current = found;
      options.onChange(found);
    } catch (error) {
      // While files are being replaced one by one they do not fit for a moment: said once, not with every look.
      const refusal = error instanceof Error ? error.message : String(error);
      if (refusal === lastRefusal) return;
      lastRefusal = refusal;
      failures += 1;
      options.onRefused(error);
    }
  }

  function check(): Promise<void> {
    running ??= once().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    current: () => current,
    failures: () => failures,
    check,
    close: () => clearInterval(timer),
  };
}

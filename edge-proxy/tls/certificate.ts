import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { StranglerError } from '../../migration-plans/errors.ts';

export interface TlsFiles {
  /** PEM: the certificate, then the chain. */
  certFile: string;
  /** PEM, not encrypted. */
  keyFile: string;
}

/** What a listener shows its clients. */
export interface Certificate {
  cert: string;
  key: string;
  /** Milliseconds since the epoch. */
  expires: number;
  /** SHA-256 of the certificate, for people and for telling two apart. */
  fingerprint: string;
}

/** Reads and checks both files: a key that does not belong to the certificate is refused here, not at the first handshake. */
export async function readCertificate(files: TlsFiles): Promise<Certificate> {
  const cert = await read(files.certFile, 'certificate');
  const key = await read(files.keyFile, 'key');
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(cert);
  } catch (error) {
    throw wrong(files.certFile, 'holds no PEM certificate', error);
  }
  let belongs: boolean;
  try {
    belongs = parsed.checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw wrong(files.keyFile, 'holds no PEM private key that can be used without a passphrase', error);
  }
  if (!belongs) throw wrong(files.keyFile, `does not belong to the certificate in ${files.certFile}`);
  return { cert, key, expires: Date.parse(parsed.validTo), fingerprint: parsed.fingerprint256 };
}

async function read(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw wrong(
      file,
      `cannot be read as the ${what}: ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}`,
      error,
    );
  }
}

function wrong(file: string, what: string, cause?: unknown): StranglerError {
  return new StranglerError('EDGE_TLS', `${file} ${what}.`, {
    place: { file },
    remedy: 'Give PEM files of a certificate with its chain, and of its private key.',
    exitCode: 2,
    cause,
  });
}

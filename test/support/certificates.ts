import { generate } from 'selfsigned';

export interface Certificate {
  /** PEM. */
  key: string;
  cert: string;
}

export interface CertificateOptions {
  /** The names and addresses it is valid for; default 127.0.0.1 and receiver.test. */
  names?: string[];
  /** Default: self-signed. */
  issuer?: Certificate;
  isAuthority?: boolean;
  validFrom?: Date;
  validTo?: Date;
}

const day = 24 * 60 * 60 * 1000;

/** Made at test time: certificates in a repository expire. */
export async function makeCertificate(commonName: string, options: CertificateOptions = {}): Promise<Certificate> {
  const { names = ['receiver.test', '127.0.0.1'], issuer, isAuthority = false } = options;
  const made = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: options.validFrom ?? new Date(Date.now() - day),
    notAfterDate: options.validTo ?? new Date(Date.now() + day),
    ...(issuer && { ca: { key: issuer.key, cert: issuer.cert } }),
    extensions: [
      { name: 'basicConstraints', cA: isAuthority, critical: true },
      isAuthority
        ? { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true }
        : { name: 'keyUsage', digitalSignature: true, critical: true },
      ...(isAuthority
        ? []
        : [
            {
              name: 'subjectAltName' as const,
              altNames: names.map((name) =>
                /^[\d.]+$|:/.test(name) ? { type: 7 as const, ip: name } : { type: 2 as const, value: name },
              ),
            },
          ]),
    ],
  });
  return { key: made.private, cert: made.cert };
}

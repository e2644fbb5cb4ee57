import { readdirSync } from 'node:fs';
import path from 'node:path';

/** The protobuf package of the admin API; its reference are the comments in `libs/contracts/proto`. */
export const adminPackage = 'hookline.admin.v1';

/** Folder of the `.proto` files, as well from the sources as from `dist`. */
export const protoFolder = path.join(
  import.meta.dirname.replace(/([/\\])dist[/\\]libs[/\\]contracts[/\\]src$/, '$1libs$1contracts$1src'),
  '../proto',
);

/** What one Apply takes. */
export const applyResourcesMax = 20_000;
export const applyBytesMax = 16 * 1_048_576;
/** What is said of more. */
export const applyTooLarge = `a file has at most ${applyResourcesMax} resources and ${applyBytesMax} bytes; split it`;

const ownFolder = 'hookline/admin/v1';

/** Paths of the `.proto` files below `protoFolder`, one a service. */
export function protoFiles(): readonly string[] {
  return readdirSync(path.join(protoFolder, ownFolder))
    .filter((file) => file.endsWith('.proto'))
    .map((file) => `${ownFolder}/${file}`);
}

/** How messages look in JavaScript; the generated types (`npm run proto`) are made with the same options. */
export const protoLoading = {
  keepCase: false,
  longs: String,
  enums: String,
  bytes: Buffer,
  defaults: true,
  oneofs: true,
  includeDirs: [protoFolder],
};

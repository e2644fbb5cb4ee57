import type { DataSource } from 'typeorm';
import type { Endpoint } from '#domain/endpoint';
import { type EndpointKey, idsOfKey } from '#domain/ids';
import { storeFailure } from '#postgres/store-failure';
import { rowsOf } from '#postgres/transaction';

/** Switches an endpoint off; answers whether it was on. Throws a Failure. */
export async function disableFailingEndpoint(dataSource: DataSource, key: EndpointKey): Promise<boolean> {
  const { tenantId, endpointId } = idsOfKey(key);
  const rows = await rowsOf(
    dataSource,
    `UPDATE endpoints SET enabled = false, disabled_reason = 'FAILING', disabled_at = now(), etag = etag + 1, updated_at = now()
      WHERE tenant_id = $1 AND id = $2 AND enabled AND deleted_at IS NULL RETURNING id`,
    [tenantId, endpointId],
  );
  return rows.length > 0;
}

/** Switches an endpoint off, if its URL is still the one that answered so. Doing it again changes nothing. Throws a Failure. */
export async function disableEndpoint(dataSource: DataSource, endpoint: Endpoint, reason: string): Promise<boolean> {
  try {
    const [rows]: [readonly unknown[], number] = await dataSource.query(
      `UPDATE endpoints SET enabled = false, disabled_reason = $4, disabled_at = now(), etag = etag + 1, updated_at = now()
        WHERE tenant_id = $1 AND id = $2 AND url_version = $3 AND enabled RETURNING id`,
      [endpoint.tenantId, endpoint.id, endpoint.urlVersion, reason],
    );
    return rows.length > 0;
  } catch (error) {
    throw storeFailure(error);
  }
}

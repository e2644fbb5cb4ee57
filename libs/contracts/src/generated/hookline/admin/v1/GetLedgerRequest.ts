// Original file: libs/contracts/proto/hookline/admin/v1/ledger_service.proto


export interface GetLedgerRequest {
  'name'?: (string);
}

export interface GetLedgerRequest__Output {
  'name': (string);
}

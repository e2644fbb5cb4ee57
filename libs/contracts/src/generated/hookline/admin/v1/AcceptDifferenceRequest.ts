// Original file: libs/contracts/proto/hookline/admin/v1/ledger_service.proto


export interface AcceptDifferenceRequest {
  'name'?: (string);
  'reason'?: (string);
}

export interface AcceptDifferenceRequest__Output {
  'name': (string);
  'reason': (string);
}

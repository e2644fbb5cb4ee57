// Original file: libs/contracts/proto/hookline/admin/v1/ledger_service.proto


export interface AcceptDifferenceResponse {
}

export interface AcceptDifferenceResponse__Output {
}

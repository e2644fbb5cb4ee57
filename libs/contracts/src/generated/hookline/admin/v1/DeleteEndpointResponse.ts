// Original file: libs/contracts/proto/hookline/admin/v1/endpoint_service.proto


export interface DeleteEndpointResponse {
}

export interface DeleteEndpointResponse__Output {
}

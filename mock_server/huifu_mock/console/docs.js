// The documentation of the API, drawn by Swagger UI from the server's own description of itself.
// It needs the control token where the server has one: that of the console's sign-in form in this tab.

function token() {
  try { return sessionStorage.getItem("control-token"); } catch { return null; } // storage may be switched off
}

window.addEventListener("DOMContentLoaded", () => {
  window.SwaggerUIBundle({
    url: "/_mock/openapi.json",
    dom_id: "#docs",
    deepLinking: true,
    validatorUrl: null, // nothing is asked of another host
    requestInterceptor: (request) => {
      if (token() && !request.headers.Authorization) request.headers.Authorization = `Bearer ${token()}`;
      return request;
    },
  });
});

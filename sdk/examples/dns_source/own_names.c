// A source of names of one's own: what an application knows better than any resolver, dns asks here.
//
//     plugins: { own_names: {}, dns: { host: trusted } }
//
// This one knows the address of one domain at once. One that has to ask a server itself keeps `question`, `done` and `context`,
// and calls done() when it knows, or when cancel() came: exactly once in any case.
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/abi/dns_source.h"
#include "sdk/abi/plugin.h"
#include "sdk/abi/registry.h"
#include "sdk/abi/settings.h"

struct own_names {
  const tharsis_registry* registry;
  char domain[256];
  tharsis_address address;
  tharsis_dns_own_source service;
};

static tharsis_status say(tharsis_error* error, tharsis_status status, const char* text) {
  if (error != NULL) {
    error->status = status;
    strncpy(error->text, text, sizeof error->text - 1);
    error->text[sizeof error->text - 1] = '\0';
  }
  return status;
}

// The domain itself, or a name that ends in a dot and the domain.
static int is_own(const struct own_names* own, tharsis_text name) {
  const size_t size = strlen(own->domain);
  if (name.size < size || memcmp(name.data + name.size - size, own->domain, size) != 0) return 0;
  return name.size == size || name.data[name.size - size - 1] == '.';
}

static tharsis_status ask(void* self, tharsis_handle question, tharsis_text name, uint32_t family, int64_t patience,
                          tharsis_dns_own_done done, void* context, tharsis_error* error) {
  const struct own_names* const own = self;
  (void)patience;
  // Of other names it knows nothing, which is not the same as that there is none: refused, and others are believed.
  if (!is_own(own, name)) return say(error, THARSIS_E_UNSUPPORTED, "this name is none of the domain's");
  tharsis_dns_own_answer answer = {0};
  answer.size = sizeof answer;
  answer.status = family == 4 ? THARSIS_OK : THARSIS_E_NOT_FOUND;
  answer.addresses = &own->address;
  answer.count = family == 4 ? 1 : 0;
  answer.life = INT64_C(60000000000);
  done(context, question, &answer);
  return THARSIS_OK;
}

static void cancel(void* self, tharsis_handle question) {
  (void)self;  // Each question was answered when it was asked.
  (void)question;
}

static int take_text(const tharsis_settings* settings, const char* path, char* into, size_t size) {
  tharsis_text text;
  if (settings->get_text(settings->self, path, &text) != THARSIS_OK || text.size == 0 || text.size >= size) return 0;
  memcpy(into, text.data, text.size);
  into[text.size] = '\0';
  return 1;
}

static tharsis_status create(const tharsis_host* host, void** instance, tharsis_error* error) {
  const tharsis_settings* const settings = host->query(host->self, THARSIS_SETTINGS_ID);
  const tharsis_registry* const registry = host->query(host->self, THARSIS_REGISTRY_ID);
  if (settings == NULL || registry == NULL) return say(error, THARSIS_E_UNSUPPORTED, "this host has no settings or no registry");
  struct own_names* const own = calloc(1, sizeof *own);
  if (own == NULL) return say(error, THARSIS_E_INTERNAL, "there is no memory");
  char address[64];
  if (!take_text(settings, "domain", own->domain, sizeof own->domain) || !take_text(settings, "address", address, sizeof address) ||
      inet_pton(AF_INET, address, own->address.ip) != 1) {
    free(own);
    return say(error, THARSIS_E_INVALID, "own_names.domain is a name, and own_names.address an IPv4 address");
  }
  own->address.family = 4;
  own->registry = registry;
  own->service = (tharsis_dns_own_source){sizeof(tharsis_dns_own_source), own, ask, cancel};
  *instance = own;
  return THARSIS_OK;
}

static tharsis_status start(void* instance, tharsis_error* error) {
  struct own_names* const own = instance;
  return own->registry->provide(own->registry->self, THARSIS_DNS_SOURCE_ID, &own->service, 0, error);
}

static tharsis_status stop(void* instance) {
  (void)instance;  // The registry takes the offer back by itself, before this.
  return THARSIS_OK;
}

static void destroy(void* instance) { free(instance); }

const tharsis_plugin* tharsis_plugin_entry(uint32_t abi_major) {
  static const tharsis_plugin table = {
      sizeof(tharsis_plugin), THARSIS_ABI_MINOR, "own_names", "1.0.0", create, start, NULL, stop, destroy, NULL,
  };
  return abi_major == THARSIS_ABI_MAJOR ? &table : NULL;
}

// The constant table of a plugin written in C++: from the contract's functions to the members of one
// class. In plugin.cpp:
//
//     const tharsis_plugin* tharsis_plugin_entry(uint32_t abi_major) noexcept {
//       static constexpr tharsis_plugin table = tharsis::door<my_plugin>::table("my", "1.0.0");
//       return abi_major == THARSIS_ABI_MAJOR ? &table : nullptr;
//     }
//
// The class has:
//     static result<std::unique_ptr<my_plugin>> create(const host& tables);
//     tharsis_status start(tharsis_error* error);   // THARSIS_PENDING: ends with host.self->ready
//     tharsis_status stop();                        // THARSIS_PENDING: ends with host.self->stopped
// and, if it has more to offer than what its manifest provides,
//     const void* query(std::string_view id);        // Extensions of the contract, by their ids.
//     void run_command(command_call call);           // See sdk/async/command.h.
//     void run_live(command_call call);              // The same while it runs: those that the manifest lists in `live`.
//     void reread(command_call call);                // Read the files again that the settings name: see sdk/abi/command.h.
// and, if it can take other settings while it runs,
//     tharsis_status prepare(tharsis_error* error);  // The new ones are in the host's settings. THARSIS_E_UNSUPPORTED:
//                                                    // these only with a restart; other failures: not at all.
//     void commit();                                 // They hold from now on, and are in the host's settings.
//     void abort();                                  // Forget what was prepared.
// and is destroyed last. What one of them throws ends here, as THARSIS_E_INTERNAL and a sentence.
#pragma once
#include <memory>
#include <string>

#include "sdk/async/command.h"
#include "sdk/async/contained.h"
#include "sdk/async/host.h"
#include "sdk/pure/error.h"

namespace tharsis {

template <class Plugin>
struct door {
  static constexpr tharsis_plugin table(const char* id, const char* version) {
    tharsis_plugin made{sizeof(tharsis_plugin), THARSIS_ABI_MINOR, id, version, create, start, nullptr, stop, destroy, query};
    if constexpr (requires(Plugin& plugin, tharsis_error* error) { plugin.prepare(error); }) made.configure = configure;
    return made;
  }

  static tharsis_status create(const tharsis_host* given, void** instance, tharsis_error* error) {
    return contained(error, "create", [&] {
      const host tables(given);
      if (!tables.missing().empty())
        return fail(error, THARSIS_E_UNSUPPORTED, "this host has no " + std::string(tables.missing()));
      result<std::unique_ptr<Plugin>> made = Plugin::create(tables);
      if (!made) return fail(error, made.failure());
      *instance = made->release();
      return tharsis_status{THARSIS_OK};
    });
  }
  static tharsis_status start(void* instance, tharsis_error* error) {
    return contained(error, "start", [&] { return of(instance).start(error); });
  }
  static tharsis_status stop(void* instance) {
    return contained(nullptr, "stop", [&] { return of(instance).stop(); });
  }
  static tharsis_status configure(void* instance, uint32_t phase, tharsis_error* error) {
    return contained(error, "configure", [&] {
      if (phase == THARSIS_CONFIGURE_PREPARE) return of(instance).prepare(error);
      if (phase == THARSIS_CONFIGURE_COMMIT) of(instance).commit();
      if (phase == THARSIS_CONFIGURE_ABORT) of(instance).abort();
      return tharsis_status{THARSIS_OK};
    });
  }
  static void destroy(void* instance) { delete &of(instance); }
  static const void* query(void* instance, const char* id) {
    const void* table = nullptr;
    contained(nullptr, "query", [&] {
      if (id != nullptr) table = find(of(instance), id);
      return tharsis_status{THARSIS_OK};
    });
    return table;
  }

 private:
  static const void* find(Plugin& plugin, std::string_view id) {
    if constexpr (requires(const command_call& call) { plugin.run_command(call); })
      if (id == THARSIS_COMMAND_ID) return &commands;
    if constexpr (requires(const command_call& call) { plugin.run_live(call); })
      if (id == THARSIS_LIVE_COMMAND_ID) return &live_commands;
    if constexpr (requires(const command_call& call) { plugin.reread(call); })
      if (id == THARSIS_REREAD_ID) return &rereads;
    if constexpr (requires { plugin.query(id); }) return plugin.query(id);
    return nullptr;
  }
  template <class Run>
  static void run(const char* what, const tharsis_command_call* call, Run carry_out) {
    tharsis_error why{};
    why.size = sizeof why;
    const tharsis_status status = contained(&why, what, [&] {
      carry_out(command_call(*call));
      return tharsis_status{THARSIS_OK};
    });
    if (status == THARSIS_OK) return;
    call->console->complain(call->console->self, text_of(std::string_view(why.text)));
    call->console->finish(call->console->self, 1);
  }
  static void run_command(void* instance, const tharsis_command_call* call) {
    run("run_command", call, [instance](command_call c) { of(instance).run_command(std::move(c)); });
  }
  static void run_live(void* instance, const tharsis_command_call* call) {
    run("run_live", call, [instance](command_call c) { of(instance).run_live(std::move(c)); });
  }
  static void reread(void* instance, const tharsis_command_call* call) {
    run("reread", call, [instance](command_call c) { of(instance).reread(std::move(c)); });
  }
  static constexpr tharsis_command commands{sizeof(tharsis_command), run_command}, live_commands{sizeof(tharsis_command), run_live},
      rereads{sizeof(tharsis_command), reread};

  static Plugin& of(void* instance) { return *static_cast<Plugin*>(instance); }
};

}  // namespace tharsis

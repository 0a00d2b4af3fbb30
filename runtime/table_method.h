// A member function as an entry of a C table: `self` comes first.
#pragma once

namespace tharsis::runtime {

template <auto method>
struct table_method;

template <class Object, class Value, class... A, Value (Object::*method)(A...)>
struct table_method<method> {
  static Value call(void* self, A... arguments) {
    return (static_cast<Object*>(self)->*method)(arguments...);
  }
};

}  // namespace tharsis::runtime

# Ten minutes of a plugin's author, in two: from nothing to a plugin whose tests are green, of each kind, against a Tharsis
# that is installed in another place. The plugin of the first kind is installed and run too.
cmake_minimum_required(VERSION 3.25)
set(SECONDS_MOST 120)

function(run expected)  # Runs the words; what they print must match.
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT code EQUAL 0 OR NOT out MATCHES "${expected}")
    message(FATAL_ERROR "wanted '${expected}' of: ${ARGN}\ngot code ${code}: ${out}")
  endif()
endfunction()

function(refused expected)  # The same of what is to fail.
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT code EQUAL 2 OR NOT out MATCHES "${expected}")
    message(FATAL_ERROR "wanted '${expected}' and code 2 of: ${ARGN}\ngot code ${code}: ${out}")
  endif()
endfunction()

set(PREFIX ${FOLDER}/tharsis)
set(PROGRAM ${PREFIX}/bin/tharsis)
file(REMOVE_RECURSE ${FOLDER})
run("" ${CMAKE_COMMAND} --install ${BUILD} --prefix ${PREFIX})

refused("it needs an id, like --id com.acme.hello" ${PROGRAM} new-plugin ${FOLDER}/never)
refused("--id: 'Hello' is no id for a plugin" ${PROGRAM} new-plugin ${FOLDER}/never --id Hello)
refused("there is no kind 'sevice'.*did you mean 'service'" ${PROGRAM} new-plugin ${FOLDER}/never --id a.b --kind sevice)
refused("is there already and not empty" ${PROGRAM} new-plugin ${PREFIX} --id a.b)
refused("is a file" ${PROGRAM} new-plugin ${PROGRAM} --id a.b)
refused("needs a DIR" ${PROGRAM} new-plugin --id a.b)
if(EXISTS ${FOLDER}/never)
  message(FATAL_ERROR "what was refused has left a folder: ${FOLDER}/never")
endif()

# Where there are no headers beside the program it says what is missing.
run("CMAKE_PREFIX_PATH=PREFIX.*PREFIX is where Tharsis is installed" ${BUILD}/bin/tharsis new-plugin ${FOLDER}/uninstalled --id a.b)

# As an author builds: their own warnings, no launcher of ours.
unset(ENV{CMAKE_CXX_COMPILER_LAUNCHER})
unset(ENV{CMAKE_C_COMPILER_LAUNCHER})
set(ENV{CXXFLAGS} "-Wall -Wextra -Wshadow -Wconversion -Wno-missing-field-initializers -Werror")
# Some have names that a test of theirs, or a header of C, has too.
set(service_id com.acme.time)
set(sink_id com.acme.validate)
set(codec_id com.acme.check-codec)
set(probe_id com.acme.my-probe)
foreach(kind service sink codec probe)
  set(plugin ${FOLDER}/my-${kind})
  set(id ${${kind}_id})
  string(TIMESTAMP begun %s)
  run("cmake -B build -D CMAKE_PREFIX_PATH=${PREFIX} &&.*${PROGRAM} run profile.yaml" ${PROGRAM} new-plugin ${plugin} --id ${id} --kind ${kind})
  run("" ${CMAKE_COMMAND} -S ${plugin} -B ${plugin}/build -D CMAKE_PREFIX_PATH=${PREFIX} -D CMAKE_CXX_COMPILER=${CXX} -D CMAKE_C_COMPILER=${C})
  run("" ${CMAKE_COMMAND} --build ${plugin}/build)
  run("100% tests passed" ${CMAKE_CTEST_COMMAND} --test-dir ${plugin}/build --output-on-failure --no-tests=error)
  string(TIMESTAMP ended %s)
  math(EXPR took "${ended} - ${begun}")
  message("a ${kind}: from nothing to green in ${took} s")
  if(took GREATER SECONDS_MOST)
    message(FATAL_ERROR "a new plugin takes ${took} s until it is green; it is to be there within ${SECONDS_MOST} s")
  endif()
  if(NOT EXISTS ${plugin}/build/plugin.yaml OR NOT EXISTS ${plugin}/build/${id}.so)
    message(FATAL_ERROR "the build folder does not hold the plugin: ${plugin}/build")
  endif()
  run("is good; it starts .*${id}" ${PROGRAM} check ${plugin}/profile.yaml --state ${FOLDER}/state)
endforeach()

run("" ${CMAKE_COMMAND} --install ${FOLDER}/my-service/build --prefix ${PREFIX})
run("hello, Ada\nhello, Grace" ${PROGRAM} ${service_id} greet Ada Grace --state ${FOLDER}/state)
run("none failed" ${PROGRAM} simulate ${FOLDER}/my-sink/profile.yaml --faults all --seeds 20)

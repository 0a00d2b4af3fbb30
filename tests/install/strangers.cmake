# What strangers do with an installed Tharsis: find its plugins, build a plugin with its test, embed it in C by
# find_package and by pkg-config; all of it after the tree was moved to another place than it was made for.
cmake_minimum_required(VERSION 3.25)

function(run expected)  # Runs the words; what they print must match.
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT code EQUAL 0 OR NOT out MATCHES "${expected}")
    message(FATAL_ERROR "wanted '${expected}' of: ${ARGN}\ngot code ${code}: ${out}")
  endif()
endfunction()

set(PREFIX ${FOLDER}/moved/tharsis)
set(EXAMPLES ${PREFIX}/share/tharsis/examples)
file(REMOVE_RECURSE ${FOLDER})
run("" ${CMAKE_COMMAND} --install ${BUILD} --prefix ${FOLDER}/first)
file(MAKE_DIRECTORY ${FOLDER}/moved)
file(RENAME ${FOLDER}/first ${PREFIX})

# Nothing below may look into the build folder: there is no --plugins but the stranger's own.
run("stn .*sdt " ${PREFIX}/bin/tharsis plugins ${PREFIX}/share/tharsis/configs/demo.yaml)
run("hello from Tharsis" ${PREFIX}/bin/tharsis run ${PREFIX}/share/tharsis/configs/hello.yaml --for 100ms --state ${FOLDER}/state)
run("none failed" ${PREFIX}/bin/tharsis simulate ${PREFIX}/share/tharsis/configs/demo.yaml
  --with ${PREFIX}/share/tharsis/configs/demo-gateway.yaml --seeds 4)

set(CONFIGURE ${CMAKE_COMMAND} -G Ninja -D CMAKE_PREFIX_PATH=${PREFIX} -D CMAKE_CXX_COMPILER=${CXX} -D CMAKE_C_COMPILER=${C})
run("" ${CONFIGURE} -S ${EXAMPLES}/hello -B ${FOLDER}/hello)
run("" ${CMAKE_COMMAND} --build ${FOLDER}/hello)
run("PASSED" ${FOLDER}/hello/hello_test)
file(REMOVE_RECURSE ${PREFIX}/${LIBDIR}/tharsis/plugins/hello)
run("good day" ${PREFIX}/bin/tharsis run ${PREFIX}/share/tharsis/configs/hello.yaml --plugins ${FOLDER}/hello/plugins
  --set "hello.greeting=good day" --for 100ms --state ${FOLDER}/state)

run("" ${CONFIGURE} -S ${EXAMPLES}/codec -B ${FOLDER}/codec)
run("" ${CMAKE_COMMAND} --build ${FOLDER}/codec)
file(REMOVE_RECURSE ${PREFIX}/${LIBDIR}/tharsis/plugins/lines)
run("codec lines: all [0-9]+ trials passed" ${PREFIX}/bin/tharsis stn check-codec lines --seeds 5 --plugins ${FOLDER}/codec/plugins --state ${FOLDER}/state)

set(EMBEDDED ${PREFIX}/share/tharsis/configs/hello.yaml ${FOLDER}/hello/plugins ${FOLDER}/state)
run("" ${CONFIGURE} -S ${EXAMPLES}/embed -B ${FOLDER}/embed)
run("" ${CMAKE_COMMAND} --build ${FOLDER}/embed)
run("\"state\":\"stopped\"" ${FOLDER}/embed/examples/embed ${EMBEDDED})

find_program(PKG_CONFIG NAMES pkg-config pkgconf)
if(PKG_CONFIG)
  set(ENV{PKG_CONFIG_PATH} ${PREFIX}/${LIBDIR}/pkgconfig)
  execute_process(COMMAND ${PKG_CONFIG} --cflags --libs tharsis OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  run("" ${C} -std=c11 ${EXAMPLES}/embed/embed.c -o ${FOLDER}/embed_c ${flags} -Wl,-rpath,${PREFIX}/${LIBDIR})
  run("\"state\":\"stopped\"" ${FOLDER}/embed_c ${EMBEDDED})
endif()

# The applications for a desktop, in C and C++, against a server; then by pkg-config alone.
set(DESKTOP ${PREFIX}/share/tharsis/configs/desktop.yaml)
set(SERVED ${SOURCE}/tests/install/with_server.sh ${PREFIX}/bin/tharsis ${FOLDER}/served)
run("" ${CONFIGURE} -S ${EXAMPLES}/desktop -B ${FOLDER}/desktop)
run("" ${CMAKE_COMMAND} --build ${FOLDER}/desktop)
run("answer: hello" ${SERVED} ${FOLDER}/desktop/examples/first_c ${DESKTOP} @ENDPOINT@ ${FOLDER}/first_c)
run("answer: hello" ${SERVED} ${FOLDER}/desktop/examples/first_cpp ${DESKTOP} @ENDPOINT@ ${FOLDER}/first_cpp)
run("\"state\":\"up\".*answer: 5 bytes.*localhost has .*push: command 10001.*no answer: link 'main' brought.*diagnosis: .*% sure.*metrics: 1 .*stopped"
  ${SERVED} ${FOLDER}/desktop/examples/tour_c ${DESKTOP} @ENDPOINT@ ${FOLDER}/tour_c)
if(PKG_CONFIG)
  run("" ${CXX} -std=c++17 ${EXAMPLES}/desktop/first.cpp -o ${FOLDER}/first_pc ${flags} -Wl,-rpath,${PREFIX}/${LIBDIR})
  run("answer: hello" ${SERVED} ${FOLDER}/first_pc ${DESKTOP} @ENDPOINT@ ${FOLDER}/first_pc_state)
endif()

# What an installed tree has for Python finds its library and the profile by itself; that for Node too.
# On a busy machine the answer and the link's event come together, in either order.
set(TOUR "(link main is up.*answer: hello|answer: hello.*link main is up).*push: .*diagnosis: .*% sure.*stopped")
if(PYTHON)
  set(ENV{PYTHONPATH} ${PREFIX}/lib/python3/dist-packages)
  run("${TOUR}" ${SERVED} ${PYTHON} -B ${EXAMPLES}/python/tour.py @ENDPOINT@)
endif()
find_program(NODE node)
if(NODE AND EXISTS ${PREFIX}/lib/node_modules/tharsis/tharsis.node)
  set(ENV{NODE_PATH} ${PREFIX}/lib/node_modules)
  run("${TOUR}" ${SERVED} ${NODE} ${EXAMPLES}/node/tour.js @ENDPOINT@)
endif()

if(QT)  # The adapter comes as source.
  run("" ${CONFIGURE} -S ${PREFIX}/share/tharsis/sdk/hosts/qt -B ${FOLDER}/qt)
  run("" ${CMAKE_COMMAND} --build ${FOLDER}/qt)
  # And as README says, inside of an application.
  file(WRITE ${FOLDER}/qt_app/CMakeLists.txt "cmake_minimum_required(VERSION 3.25)
project(app LANGUAGES C CXX)
find_package(tharsis REQUIRED)
add_subdirectory(${PREFIX}/share/tharsis/sdk/hosts/qt tharsis_qt EXCLUDE_FROM_ALL)
add_executable(app main.cpp)
target_link_libraries(app PRIVATE tharsis::qt)
")
  file(WRITE ${FOLDER}/qt_app/main.cpp "#include <QCoreApplication>
#include <cstdio>
#include \"sdk/hosts/qt/tharsis_qt.h\"
int main(int count, char** words) {
  QCoreApplication app(count, words);
  TharsisRuntime::Options options;
  options.state = words[1];
  std::puts(TharsisRuntime(options).report().value(\"state\").toString().toUtf8().constData());
}
")
  run("" ${CONFIGURE} -S ${FOLDER}/qt_app -B ${FOLDER}/qt_app/build)
  run("" ${CMAKE_COMMAND} --build ${FOLDER}/qt_app/build)
  run("created" ${FOLDER}/qt_app/build/app ${FOLDER}/qt_app/state)
endif()

# Nothing of what Tharsis is made with comes along: not in the headers of the contract, not in what an application is linked
# to, not in what libtharsis gives away.
file(GLOB HEADERS ${PREFIX}/include/tharsis/sdk/abi/*.h)
foreach(header ${HEADERS})
  file(STRINGS ${header} foreign REGEX "^#include <" )
  list(FILTER foreign EXCLUDE REGEX "<std[a-z]+\\.h>")
  if(foreign)
    message(FATAL_ERROR "${header} has ${foreign}")
  endif()
endforeach()
find_program(READELF readelf REQUIRED)
execute_process(COMMAND ${READELF} -d ${FOLDER}/desktop/examples/first_c OUTPUT_VARIABLE needed COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "\\(NEEDED\\)[^[]*\\[[^]]*\\]" needed "${needed}")
list(FILTER needed EXCLUDE REGEX "libtharsis\\.so\\.1|libc\\.so|ld-linux|libgcc_s")
if(needed)
  message(FATAL_ERROR "an application in C needs ${needed}")
endif()
execute_process(COMMAND nm -D --defined-only ${PREFIX}/${LIBDIR}/libtharsis.so.1 OUTPUT_VARIABLE given COMMAND_ERROR_IS_FATAL ANY)
string(REGEX REPLACE "[^\n]* [A-Za-z] tharsis_[^\n]*\n" "" given "${given}")
if(given)
  message(FATAL_ERROR "libtharsis gives away ${given}")
endif()

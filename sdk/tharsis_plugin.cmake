# The word that a plugin is built with, in Tharsis' own tree and outside of it.
include(GNUInstallDirs)

# tharsis_plugin(id source... [BUILT_IN folder | FOLDER folder] LINK lib... SHIP file...): plugins/<id>/ in the build
# folder gets the library, its plugin.yaml and the files that are shipped beside it; installed, they lie where `tharsis`
# looks for them. BUILT_IN: there instead of plugins/<id>/. FOLDER: there instead, neither installed nor part of what a
# profile may name.
function(tharsis_plugin name)
  cmake_parse_arguments(A "" "BUILT_IN;FOLDER" "LINK;SHIP" ${ARGN})
  set(target plugin_${name})
  add_library(${target} MODULE ${A_UNPARSED_ARGUMENTS})
  if(NOT A_FOLDER)
    set(A_FOLDER ${CMAKE_BINARY_DIR}/plugins/${name})
    if(A_BUILT_IN)
      set(A_FOLDER ${A_BUILT_IN})
    endif()
    set(installed ${CMAKE_INSTALL_LIBDIR}/tharsis/plugins/${name})
    string(REPLACE "_" "-" component tharsis-plugin-${name})
    install(TARGETS ${target} LIBRARY DESTINATION ${installed} COMPONENT ${component})
    install(FILES plugin.yaml ${A_SHIP} DESTINATION ${installed} COMPONENT ${component})
    set_property(GLOBAL APPEND PROPERTY THARSIS_PLUGIN_COMPONENTS ${component})
    if(TARGET plugins)
      add_dependencies(plugins ${target})
    endif()
  endif()
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ${name} LIBRARY_OUTPUT_DIRECTORY ${A_FOLDER}
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  # Hidden visibility alone leaves weak std:: symbols; the script exports the entry and nothing else.
  set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
  target_link_options(${target} PRIVATE -Wl,--version-script=${map} -Wl,-z,now)
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${map})
  if(TARGET tharsis_options)
    target_link_libraries(${target} PRIVATE tharsis_options)
  endif()
  target_link_libraries(${target} PRIVATE ${A_LINK})
  foreach(file plugin.yaml ${A_SHIP})
    configure_file(${file} ${A_FOLDER}/${file} COPYONLY)
  endforeach()
endfunction()

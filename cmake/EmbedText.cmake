# A text file as part of the program:
#
#   dtmd_embed_text(<target> <file> <name>)
#
# gives the room in whose CMakeLists.txt it stands the function `std::string_view dtmd::embedded::<name>()`, declared in
# "<room>/embedded/<name>.h". The source is made at build time, so the program follows the file.
function(dtmd_embed_text target file name)
  file(RELATIVE_PATH room ${PROJECT_SOURCE_DIR}/src ${CMAKE_CURRENT_SOURCE_DIR})
  set(include ${CMAKE_CURRENT_BINARY_DIR}/generated)
  set(generated ${include}/${room})
  add_custom_command(
    OUTPUT ${generated}/embedded/${name}.h ${generated}/embedded/${name}.cpp
    COMMAND ${CMAKE_COMMAND} -DFILE=${file} -DNAME=${name} -DROOM=${room} -DFOLDER=${generated}/embedded
            -P ${PROJECT_SOURCE_DIR}/cmake/EmbedText.cmake
    DEPENDS ${file} ${PROJECT_SOURCE_DIR}/cmake/EmbedText.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${generated}/embedded/${name}.h ${generated}/embedded/${name}.cpp)
  set_source_files_properties(${generated}/embedded/${name}.cpp PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  target_include_directories(${target} PRIVATE ${include})
endfunction()

if(NOT CMAKE_SCRIPT_MODE_FILE)
  return()
endif()

# As bytes: no text can break out of them, and no literal is too long for a compiler.
file(READ ${FILE} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
get_filename_component(source ${FILE} NAME)
file(WRITE ${FOLDER}/${NAME}.h
  "#pragma once\n#include <string_view>\nnamespace dtmd::embedded {\nstd::string_view ${NAME}();  // ${source}\n}\n")
file(WRITE ${FOLDER}/${NAME}.cpp
  "#include \"${ROOM}/embedded/${NAME}.h\"\nnamespace dtmd::embedded {\n"
  "static const unsigned char bytes[] = {${bytes}0};\n"
  "std::string_view ${NAME}() { return {reinterpret_cast<const char*>(bytes), sizeof bytes - 1}; }\n}\n")
